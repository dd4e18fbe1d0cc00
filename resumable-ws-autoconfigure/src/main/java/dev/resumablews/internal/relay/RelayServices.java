package dev.resumablews.internal.relay;

import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.log.EventLog;

import org.springframework.web.socket.client.WebSocketClient;

/**
 * What relays are run with.
 *
 * @param log where their events are stored
 * @param feeds tell of new messages
 * @param table which node runs which relay
 * @param client connects to upstreams
 * @param ephemeral sends what is not stored
 */
record RelayServices(EventLog log, SessionFeeds feeds, RelayTable table, WebSocketClient client,
		EphemeralSender ephemeral) {

}
