package dev.resumablews.internal.protocol;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class MessageListTests {

	@Test
	void eachMessageIsTheTextThatWasSent() throws MalformedFrameException {
		String nested = "{ \"type\":\"a]\\\"}\", \"payload\":[{\"😀\":[1,2]},{}] }";
		MessageList list = MessageList.split(" [ " + nested + " ,{},\"text, ]\\u0041\" , 12.5e3,null,[[]],true]\n");
		assertThat(list.array()).isTrue();
		assertThat(list.messages()).containsExactly(nested, "{}", "\"text, ]\\u0041\"", "12.5e3", "null", "[[]]",
				"true");
		assertThat(MessageList.split("[]")).isEqualTo(new MessageList(List.of(), true));
		assertThat(MessageList.split("\n" + nested)).isEqualTo(new MessageList(List.of(nested), false));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "5", "\"x\"", "null", "{", "[{}", "{}{}", "[] 1", "[}", "[1,]", "{\"a\":1,}" })
	void anythingElseIsMalformed(String text) {
		assertThatExceptionOfType(MalformedFrameException.class).isThrownBy(() -> MessageList.split(text))
			.satisfies((ex) -> assertThat(ex.toError().code()).isEqualTo(ErrorCode.MALFORMED));
	}

}
