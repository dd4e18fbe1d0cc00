package dev.resumablews.internal.relay;

import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.log.EventLog;

import org.springframework.web.socket.client.WebSocketClient;

/**
 * Collaborators of relays.
 *
 * @param log stores their events
 * @param feeds notify of new messages
 * @param table assigns relays to nodes
 * @param client connects to upstreams
 * @param ephemeral sends ephemeral events
 */
record RelayServices(EventLog log, SessionFeeds feeds, RelayTable table, WebSocketClient client,
		EphemeralSender ephemeral) {

}
