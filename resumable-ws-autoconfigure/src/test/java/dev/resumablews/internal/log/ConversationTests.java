package dev.resumablews.internal.log;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import dev.resumablews.ConversationMessage;
import dev.resumablews.internal.log.Conversation.StoredMessage;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests how much of a conversation is read.
 */
class ConversationTests {

	private final List<StoredMessage> log = new ArrayList<>();

	private final List<Integer> returned = new ArrayList<>();

	@Test
	void aConversationThatFitsIsReadInOneQuery() {
		messages(3, "x".repeat(100), 1);
		assertThat(read(50, 1000)).hasSize(3);
		assertThat(this.returned).containsExactly(3);
		this.returned.clear();
		assertThat(read(2, 1000)).hasSize(2);
		assertThat(this.returned).containsExactly(2);
	}

	@Test
	void atMostOneMessageBeyondTheLimitIsRead() {
		messages(40, "x".repeat(1000), 1);
		assertThat(read(50, 10_500)).hasSize(10);
		assertThat(this.returned.stream().mapToInt(Integer::intValue).sum()).isEqualTo(11);
	}

	@Test
	void messagesWithManyBytesPerCharacterAreReadInFewQueries() {
		messages(40, "\u6587".repeat(1000), 3);
		assertThat(read(50, 10_500)).hasSize(10);
		assertThat(this.returned).hasSizeBetween(2, 3);
		assertThat(this.returned.stream().mapToInt(Integer::intValue).sum()).isLessThanOrEqualTo(12);
	}

	@Test
	void aMessageWithoutContentEndsTheConversation() {
		messages(40, "", 1);
		assertThat(read(50, 1)).hasSize(40);
	}

	private void messages(int count, String content, int bytesPerCharacter) {
		for (int i = 1; i <= count; i++) {
			this.log.add(new StoredMessage(i, "user_message", "{\"content\":\"" + content + "\"}",
					14 + (long) content.length() * bytesPerCharacter));
		}
	}

	private List<ConversationMessage> read(int maxMessages, int maxCharacters) {
		return new Conversation(maxMessages, maxCharacters, StoredMessage::payload).read(this::newestFirst);
	}

	private List<StoredMessage> newestFirst(long before, int limit, long bytes) {
		List<StoredMessage> newest = new ArrayList<>(this.log);
		newest.removeIf((message) -> message.id() >= before);
		Collections.reverse(newest);
		List<StoredMessage> found = new ArrayList<>();
		long bytesBefore = 0;
		for (StoredMessage message : newest) {
			if (found.size() == limit || bytesBefore >= bytes) {
				break;
			}
			found.add(message);
			bytesBefore += message.bytes();
		}
		this.returned.add(found.size());
		return found;
	}

}
