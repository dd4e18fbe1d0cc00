package com.example.chat;

import java.util.List;
import java.util.Map;

import com.microsoft.playwright.Locator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests how answers are rendered, complete and while they grow.
 */
class MarkdownIT extends SampleInChromium {

	/**
	 * An answer with all elements of Markdown.
	 */
	static final String EVERYTHING = """
			# Heading

			Some **bold** and *slanted* text with `inline-code`, a [link](https://example.com) and ~~more~~.

			#### Deep

			- [x] Write it
			- [ ] Test it

			1. One
			2. Two

			   ```js
			   const nested = true;
			   ```

			| Left | Internationalisation | Right |
			|:--|:-:|--:|
			| a | 1 | 0.5 |
			| Incomprehensibilities | 20 | 10.25 |

			```js
			function aLongName(parameterOne, parameterTwo, parameterThree) { return parameterOne + parameterTwo + parameterThree; }
			```

			```
			short
			```

			> Quoted

			---

			مرحبا بالعالم، هذا نص طويل مع `code` في وسطه.

			- العنصر الأول
			- The second

			# Another
			""";

	/**
	 * Defines {@code view()}, which creates a view in the page that shows text as an
	 * answer.
	 */
	private static final String VIEW = """
			async () => {
				const { MarkdownView } = await import('/markdown.js');
				document.querySelector('#welcome').hidden = true;
				window.view = () => {
					const body = document.createElement('div');
					body.className = 'body';
					document.querySelector('#messages').append(body);
					const view = new MarkdownView(body);
					let text = '';
					return { body, append: (piece) => view.show(text += piece), show: (all) => view.show(text = all) };
				};
				window.attributes = (html) => html.replace(/ (tabindex="0"|role="group"|aria-label="(Table|Code: [^"]*)")/g, '');
			}""";

	@Test
	void headingsSkipNoLevel() {
		ChatPage page = page();

		assertThat(page.tab()
			.evaluate(
					"""
							() => {
								const { body, append } = view();
								append('### First\\n\\n##### Below\\n\\n### Second\\n\\n# Above\\n\\n## Below\\n\\n###### Far below\\n');
								return [...body.children].map((heading) => Number(heading.ariaLevel));
							}"""))
			.isEqualTo(List.of(2, 3, 2, 2, 3, 4));
	}

	@Test
	void everyBlockHasItsOwnTextDirection() {
		ChatPage page = page();
		completeAnswer(page, EVERYTHING);
		Locator body = page.find(".message[data-role=assistant] .body");

		assertThat(direction(body.locator("p:has-text('bold')").first())).isEqualTo("ltr");
		assertThat(direction(body.locator("p:has-text('مرحبا')"))).isEqualTo("rtl");
		assertThat(direction(body.locator("ul:has-text('العنصر')"))).isEqualTo("rtl");
		assertThat(direction(body.locator("pre").first())).isEqualTo("ltr");
		page.say("A line in English that is rather wide\nשלום");
		page.awaitStoredMessages(2);
		// the right-to-left line ends at the right edge of the bubble
		assertThat(((Number) page.find(".message[data-role=user] .body")
			.last()
			.evaluate(
					"""
							(bubble) => {
								const text = bubble.firstChild;
								const range = document.createRange();
								range.setStart(text, text.data.indexOf('ש'));
								range.setEnd(text, text.length);
								const { paddingRight } = getComputedStyle(bubble);
								return bubble.getBoundingClientRect().right - parseFloat(paddingRight) - range.getBoundingClientRect().right;
							}"""))
			.doubleValue()).isBetween(-2.0, 2.0);
		assertThat(page.find("#input").getAttribute("dir")).isEqualTo("auto");
	}

	@Test
	void cellsAreAlignedAsTheAnswerSpecifies() {
		ChatPage page = page();
		completeAnswer(page, EVERYTHING);

		assertThat(page.tab()
			.evaluate(
					"""
							() => [...document.querySelectorAll('.body tr:last-child td')].map((cell) => getComputedStyle(cell).textAlign)"""))
			.isEqualTo(List.of("left", "center", "right"));
		assertThat(page.find(".body pre").first().evaluate("(pre) => getComputedStyle(pre).tabSize")).isEqualTo("4");
	}

	@Test
	void aListKeepsItsFirstNumberAndCodeShowsItsLanguage() {
		ChatPage page = page();

		assertThat(page.tab().evaluate("""
				() => {
					const { body, append } = view();
					append('7. seven\\n8. eight\\n\\n```sql\\nselect 1\\n```');
					return [body.querySelector('ol').start, body.querySelector('figcaption span').textContent];
				}""")).isEqualTo(List.of(7, "sql"));
	}

	@Test
	void aTaskListHasLabelledBoxesAndNoBullets() {
		ChatPage page = page();
		completeAnswer(page, EVERYTHING);

		assertThat(page.tab().evaluate("""
				() => [...document.querySelectorAll('.body input')].map((box) =>
						[box.ariaLabel, box.checked, getComputedStyle(box.closest('li')).listStyleType])"""))
			.isEqualTo(List.of(List.of("Done", true, "none"), List.of("Done", false, "none")));
	}

	@Test
	void codeInAListCanBeCopied() {
		ChatPage page = page();
		completeAnswer(page, EVERYTHING);
		page.click(".body li .code .copy");
		page.find(".copy:has-text('Copied')").waitFor();

		assertThat(page.tab().evaluate("navigator.clipboard.readText()")).isEqualTo("const nested = true;");
	}

	@Test
	void codeAndTablesAreNamedTabStopsOnlyWhileTheyScroll() {
		ChatPage page = page();
		completeAnswer(page, EVERYTHING);
		page.tab().waitForFunction("() => !document.querySelector('.body .table[tabindex]')");
		assertThat(page.find(".body pre[tabindex]:has-text('short')").count()).isZero();

		page.tab().setViewportSize(320, 640);
		page.find(".body pre[tabindex='0'][role=group][aria-label='Code: js']:has-text('aLongName')").waitFor();
		page.find(".body .table[tabindex='0'][role=group][aria-label=Table]").waitFor();
		assertThat(page.find(".body pre[tabindex]:has-text('short')").count()).isZero();

		page.tab().setViewportSize(1280, 800);
		page.tab().waitForFunction("() => !document.querySelector('.body .table[tabindex]')");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false,
			value = { "paragraph|These words are selected |and **more** ", "list|- These\\n- are |more\\n- ",
					"code|```js\\nthese;\\n|more;\\n", "quote|> These |and more ",
					"numbered|1. These\\n\\n2. are |more\\n\\n3. " })
	void aSelectionInAGrowingAnswerIsKept(String kind, String begin, String more) {
		ChatPage page = page();

		assertThat(page.tab().evaluate("""
				([begin, more]) => {
					const { body, append } = view();
					append(begin);
					const block = body.querySelector('pre') ?? body;
					const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
					while (!/these/i.test(walker.nextNode().data));
					getSelection().setBaseAndExtent(walker.currentNode, 0, walker.currentNode, 5);
					for (let i = 0; i < 100; i++) {
						append(more);
					}
					return String(getSelection()).toLowerCase();
				}""", List.of(begin.replace("\\n", "\n"), more.replace("\\n", "\n")))).as(kind).isEqualTo("these");
	}

	/**
	 * Counts changed nodes, because times depend on the load of the machine and are only
	 * printed.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "list", "numbered", "words" })
	void theCostOfAPieceDoesNotDependOnTheLengthOfTheAnswer(String kind) {
		ChatPage page = page();
		Map<?, ?> cost = (Map<?, ?>) page.tab().evaluate("""
				async (kind) => {
					const piece = {
						list: (i) => `- item ${i} of **many**\\n`,
						numbered: (i) => `${i + 1}. item ${i}\\n\\n`,
						words: (i) => i % 50 === 49 ? 'end.\\n\\n' : `word${i} `,
					}[kind];
					const { body, append } = view();
					const observer = new MutationObserver(() => {});
					observer.observe(body, { subtree: true, childList: true, characterData: true });
					let nodes = 0;
					let milliseconds = 0;
					for (let i = 0; i < 1200; i++) {
						const begin = performance.now();
						append(piece(i));
						body.offsetHeight; // forces a layout
						milliseconds += performance.now() - begin;
						nodes += observer.takeRecords().reduce((sum, { addedNodes, removedNodes }) =>
								sum + addedNodes.length + removedNodes.length, 0);
					}
					return { nodes, milliseconds, shown: body.querySelectorAll('li, :scope > p').length };
				}""", kind);
		System.out.printf("Chromium: 1200 pieces, %s: %s%n", kind, cost);

		assertThat(((Number) cost.get("shown")).intValue()).isEqualTo(kind.equals("words") ? 24 : 1200);
		assertThat(((Number) cost.get("nodes")).intValue()).isLessThan(12 * 1200);
	}

	@Test
	void anAnswerIsRenderedTheSameHoweverItIsSplit() {
		ChatPage page = page();

		assertThat((List<?>) page.tab()
			.evaluate(
					"""
							(everything) => {
								const pieces = ['word ', 'two words', '\\n', '\\n\\n', '- ', '1. ', '    ', '  ', '# ', '### H\\n', '```js\\n', '```\\n', '> ',
									'---\\n', '| a | b |\\n|---|:-:|\\n', '| 1 | 2 |\\n', '**', '*', '`', '[x](http://a.b)', '[x]', '\\n\\n[x]: http://c.d\\n\\n',
									'<br>', '- [ ] task\\n', '- item\\n', '- item\\n\\n', '1. item\\n', '2. item\\n\\n', '  nested\\n', 'text\\n', 'https://a.b/c '];
								let state = 1;
								const random = (below) => (state = state * 48271 % 2147483647) % below;
								const texts = [everything.repeat(2), ...Array.from({ length: 300 }, () =>
										Array.from({ length: 3 + random(25) }, () => pieces[random(pieces.length)]).join(''))];
								const different = [];
								for (const text of texts) {
									const growing = view();
									for (let end = 0; end < text.length; end += 1 + random(6)) {
										growing.show(text.slice(0, end));
									}
									growing.show(text);
									const atOnce = view();
									atOnce.show(text);
									if (attributes(growing.body.innerHTML) !== attributes(atOnce.body.innerHTML)) {
										different.push([text, growing.body.innerHTML, atOnce.body.innerHTML]);
									}
									growing.body.remove();
									atOnce.body.remove();
								}
								return different;
							}""",
					EVERYTHING))
			.isEmpty();
	}

	@Test
	void aReplacedAnswerShowsOnlyTheNewText() {
		ChatPage page = page();

		assertThat(page.tab().evaluate("""
				() => {
					const { body, show } = view();
					show('# One\\n\\n- a\\n- b\\n- c\\n- d\\n\\ntext');
					show('- another\\n- text');
					return body.innerText;
				}""")).isEqualTo("another\ntext");
	}

	private ChatPage page() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.tab().evaluate(VIEW);
		return page;
	}

	private static Object direction(Locator element) {
		return element.evaluate("(element) => getComputedStyle(element).direction");
	}

}
