package dev.resumablews.internal.reply;

import java.util.List;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the text of an abandoned attempt at a reply from its deltas in the log.
 */
final class PartialReplyReader {

	private static final int PAGE = 1000;

	private static final JsonMapper JSON = JsonMapper.shared();

	private PartialReplyReader() {
	}

	static String of(EventLog log, ClaimedReply claim) {
		String messageId = String.valueOf(claim.previous());
		StringBuilder text = new StringBuilder();
		long cursor = claim.inReplyTo();
		while (true) {
			List<SessionEvent> page = log.read(claim.sessionId(), cursor, PAGE);
			if (page.isEmpty()) {
				return text.toString();
			}
			for (SessionEvent event : page) {
				cursor = event.id();
				if (event.type().equals(ReplyEvents.DELTA)) {
					JsonNode payload = JSON.readTree(event.payload());
					if (messageId.equals(payload.path("message_id").asString(""))) {
						text.append(payload.path("content").asString(""));
					}
				}
			}
		}
	}

}
