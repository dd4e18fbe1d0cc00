package dev.resumablews.internal.connection;

class ConversationOnTomcatTests extends ConversationTests {

	ConversationOnTomcatTests() {
		super(false, false);
	}

}
