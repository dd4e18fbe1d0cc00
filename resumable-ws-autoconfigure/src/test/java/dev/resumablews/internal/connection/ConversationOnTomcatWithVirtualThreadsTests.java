package dev.resumablews.internal.connection;

class ConversationOnTomcatWithVirtualThreadsTests extends ConversationTests {

	ConversationOnTomcatWithVirtualThreadsTests() {
		super(false, true);
	}

}
