package dev.resumablews.internal.connection;

class ConversationOnJettyTests extends ConversationTests {

	ConversationOnJettyTests() {
		super(true, false);
	}

}
