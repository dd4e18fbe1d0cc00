package dev.resumablews;

/**
 * One message of a conversation. Immutable.
 *
 * @param role the author's role
 * @param content the text
 */
public record ConversationMessage(Role role, String content) {

	/**
	 * Role of the author.
	 */
	public enum Role {

		/**
		 * The user.
		 */
		USER,

		/**
		 * The model, or whatever generates replies.
		 */
		ASSISTANT

	}

}
