package dev.resumablews.internal.websocket;

class ConversationOnTomcatWithVirtualThreadsTests extends ConversationTests {

	ConversationOnTomcatWithVirtualThreadsTests() {
		super(false, true);
	}

}
