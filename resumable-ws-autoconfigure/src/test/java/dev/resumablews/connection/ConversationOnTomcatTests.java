package dev.resumablews.connection;

class ConversationOnTomcatTests extends ConversationTests {

	ConversationOnTomcatTests() {
		super(false, false);
	}

}
