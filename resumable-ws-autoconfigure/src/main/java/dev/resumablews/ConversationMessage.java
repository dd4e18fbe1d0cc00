package dev.resumablews;

/**
 * One message of a conversation. Immutable.
 *
 * @param role who said it
 * @param content what was said
 */
public record ConversationMessage(Role role, String content) {

	/**
	 * Who said something.
	 */
	public enum Role {

		/**
		 * The user.
		 */
		USER,

		/**
		 * The one who replies.
		 */
		ASSISTANT

	}

}
