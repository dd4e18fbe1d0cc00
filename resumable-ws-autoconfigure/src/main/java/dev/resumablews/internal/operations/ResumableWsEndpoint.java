package dev.resumablews.internal.operations;

import java.util.List;
import java.util.UUID;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.operations.SessionInspector.RemoteConnection;
import dev.resumablews.internal.operations.SessionInspector.SessionRow;
import dev.resumablews.internal.operations.SessionInspector.StoredEvent;
import dev.resumablews.internal.operations.SessionInspector.StoredRelay;
import dev.resumablews.internal.operations.SessionInspector.StoredReply;
import dev.resumablews.internal.operations.SessionInspector.StoredSession;
import dev.resumablews.internal.status.ConnectionStatus;
import dev.resumablews.internal.status.ConnectionStatus.Client;
import dev.resumablews.internal.status.RelayStatus;
import dev.resumablews.internal.status.ReplyStatus;
import dev.resumablews.internal.status.SignalStatus;
import dev.resumablews.internal.status.WriterStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Actuator endpoint that shows the state of this node, and of one session. Exposes
 * neither payloads nor tokens.
 */
@Endpoint(id = "resumablews")
final class ResumableWsEndpoint {

	private final NodeDescription node;

	private final NodeState state;

	private final SessionInspector sessions;

	ResumableWsEndpoint(NodeDescription node, NodeState state, SessionInspector sessions) {
		this.node = node;
		this.state = state;
		this.sessions = sessions;
	}

	/**
	 * Returns the state of this node. Executes no SQL.
	 */
	@ReadOperation
	Summary summary() {
		return new Summary(this.node, this.state.connections(), this.state.writers(), this.state.replies(),
				this.state.relays(), this.state.signals(), this.state.outages());
	}

	/**
	 * Returns the state of a session.
	 */
	@ReadOperation
	WebEndpointResponse<SessionView> session(@Selector UUID sessionId) {
		try {
			StoredSession stored = this.sessions.read(sessionId).orElse(null);
			if (stored == null) {
				return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
			}
			List<Client> clients = this.state.clients(sessionId).stream().limit(SessionInspector.MOST).toList();
			return new WebEndpointResponse<>(new SessionView(sessionId, stored.session(), clients, stored.connections(),
					stored.replies(), stored.relays(), stored.events()));
		}
		catch (EventLogUnavailableException ex) {
			return new WebEndpointResponse<>(WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
		}
	}

	/**
	 * State of this node.
	 *
	 * @param node the description of the node
	 * @param connections its connections; null if there is no endpoint for clients
	 * @param writers the writers of the log
	 * @param replies the replies
	 * @param relays the relays; null if none is configured
	 * @param signals the signals between nodes
	 * @param failing the current outages
	 */
	record Summary(NodeDescription node, @Nullable ConnectionStatus connections, List<WriterStatus> writers,
			@Nullable ReplyStatus replies, @Nullable RelayStatus relays, @Nullable SignalStatus signals,
			List<Outage> failing) {

	}

	/**
	 * State of a session.
	 *
	 * @param sessionId the session
	 * @param session its stored data
	 * @param connections its connections to this node
	 * @param connectionsElsewhere its connections to other nodes
	 * @param replies its unfinished replies
	 * @param relays its relays
	 * @param lastEvents its last events, the newest first
	 */
	record SessionView(UUID sessionId, SessionRow session, List<Client> connections,
			List<RemoteConnection> connectionsElsewhere, List<StoredReply> replies, List<StoredRelay> relays,
			List<StoredEvent> lastEvents) {

	}

}
