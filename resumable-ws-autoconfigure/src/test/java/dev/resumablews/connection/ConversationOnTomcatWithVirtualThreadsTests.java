package dev.resumablews.connection;

class ConversationOnTomcatWithVirtualThreadsTests extends ConversationTests {

	ConversationOnTomcatWithVirtualThreadsTests() {
		super(false, true);
	}

}
