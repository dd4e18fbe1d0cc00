package dev.resumablews.internal.websocket;

class ConversationOnJettyTests extends ConversationTests {

	ConversationOnJettyTests() {
		super(true, false);
	}

}
