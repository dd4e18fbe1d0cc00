package dev.resumablews.internal.websocket;

class ConversationOnJettyWithVirtualThreadsTests extends ConversationTests {

	ConversationOnJettyWithVirtualThreadsTests() {
		super(true, true);
	}

}
