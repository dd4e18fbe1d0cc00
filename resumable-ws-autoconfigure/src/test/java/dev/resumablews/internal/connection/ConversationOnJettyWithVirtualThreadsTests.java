package dev.resumablews.internal.connection;

class ConversationOnJettyWithVirtualThreadsTests extends ConversationTests {

	ConversationOnJettyWithVirtualThreadsTests() {
		super(true, true);
	}

}
