package dev.resumablews.connection;

class ConversationOnJettyWithVirtualThreadsTests extends ConversationTests {

	ConversationOnJettyWithVirtualThreadsTests() {
		super(true, true);
	}

}
