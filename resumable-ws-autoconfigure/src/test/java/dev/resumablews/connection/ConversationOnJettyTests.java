package dev.resumablews.connection;

class ConversationOnJettyTests extends ConversationTests {

	ConversationOnJettyTests() {
		super(true, false);
	}

}
