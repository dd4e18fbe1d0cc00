package dev.resumablews.internal.log;

import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * What an event means for a reply. Everything but asking for one is done only for whoever
 * has claimed the reply last: the event of anybody else is refused with a
 * {@link FencedException}.
 *
 * @param inReplyTo the user message that is answered; 0 for one that asks for a reply
 * @param fence the number that the reply was claimed with
 * @param ends whether the reply ends with the event
 * @param replaces the message whose deltas are removed, because the event stands in for
 * them or makes them obsolete
 */
public record ReplyStep(long inReplyTo, long fence, boolean ends, @Nullable UUID replaces) {

	/**
	 * The event asks for a reply.
	 */
	public static final ReplyStep ASKED = new ReplyStep(0, 0, false, null);

	public boolean asks() {
		return this.inReplyTo == 0;
	}

}
