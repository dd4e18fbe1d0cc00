package dev.resumablews.internal.websocket;

class ConversationOnTomcatTests extends ConversationTests {

	ConversationOnTomcatTests() {
		super(false, false);
	}

}
