package dev.resumablews.benchmarks.load;

import java.util.List;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * Request to the load generator, sent as one line of JSON.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "do")
@JsonSubTypes({ @JsonSubTypes.Type(value = LoadRequest.Burst.class, name = "burst"),
		@JsonSubTypes.Type(value = LoadRequest.Pace.class, name = "pace"),
		@JsonSubTypes.Type(value = LoadRequest.Replay.class, name = "replay"),
		@JsonSubTypes.Type(value = LoadRequest.Connect.class, name = "connect"),
		@JsonSubTypes.Type(value = LoadRequest.Hold.class, name = "hold"),
		@JsonSubTypes.Type(value = LoadRequest.Release.class, name = "release"),
		@JsonSubTypes.Type(value = LoadRequest.Fanout.class, name = "fanout"),
		@JsonSubTypes.Type(value = LoadRequest.Jitter.class, name = "jitter"),
		@JsonSubTypes.Type(value = LoadRequest.Avalanche.class, name = "avalanche") })
public sealed interface LoadRequest {

	/**
	 * Requests a reply in all sessions simultaneously, several times, as fast as the
	 * server sends them.
	 *
	 * @param ports ports of the servers, used in turn
	 * @param dialect json or socketio
	 * @param sessions number of sessions
	 * @param tokens number of tokens of each reply
	 * @param bursts number of bursts
	 * @param watched whether each session has a second connection, to the next server
	 */
	record Burst(List<Integer> ports, String dialect, int sessions, int tokens, int bursts,
			boolean watched) implements LoadRequest {

	}

	/**
	 * Requests replies at a steady pace, one after another in each session.
	 *
	 * @param ports ports of the servers, used in turn
	 * @param dialect json or socketio
	 * @param sessions number of sessions
	 * @param tokens number of tokens of each reply
	 * @param periodMicros microseconds between tokens
	 * @param warmUpMillis time before tokens are counted
	 * @param measureMillis time in which the counted tokens are made
	 * @param watched whether each session has a second connection, to the next server
	 */
	record Pace(List<Integer> ports, String dialect, int sessions, int tokens, long periodMicros, long warmUpMillis,
			long measureMillis, boolean watched) implements LoadRequest {

	}

	/**
	 * Resumes seeded sessions from their first event.
	 *
	 * @param port port of the server
	 * @param seeded number of seeded sessions
	 * @param replays number of sessions to resume, spread over all seeded ones, which
	 * repeat if there are fewer
	 * @param events number of events of each session
	 * @param parallel number of sessions that resume simultaneously
	 */
	record Replay(int port, int seeded, int replays, int events, int parallel) implements LoadRequest {

	}

	/**
	 * Opens connections and closes them when they are ready.
	 *
	 * @param port port of the server
	 * @param parallel number of connections that are opened simultaneously
	 * @param sessions number of seeded sessions to resume in turn; 0 for new sessions
	 * @param millis duration
	 */
	record Connect(int port, int parallel, int sessions, long millis) implements LoadRequest {

	}

	/**
	 * Opens connections and keeps them open.
	 *
	 * @param port port of the server
	 * @param connections number of connections
	 */
	record Hold(int port, int connections) implements LoadRequest {

	}

	/**
	 * Closes the connections that are held.
	 */
	record Release() implements LoadRequest {

	}

	/**
	 * Publishes events in one session with many connections.
	 *
	 * @param port port of the server
	 * @param session number of the session, which must have no events
	 * @param connections number of connections
	 * @param events number of events
	 * @param periodMicros microseconds between events
	 */
	record Fanout(int port, int session, int connections, int events, long periodMicros) implements LoadRequest {

	}

	/**
	 * Publishes messages to each client of a crowd, and cuts the connections at random.
	 *
	 * @param crowd the clients, and the messages
	 * @param cutEveryMillis average time between two cuts of a client
	 * @param cutForMillis time until the client reconnects
	 */
	record Jitter(Crowd crowd, long cutEveryMillis, long cutForMillis) implements LoadRequest {

	}

	/**
	 * Publishes messages to each client of a crowd, and kills their server. The clients
	 * reconnect with the back-off of their protocol's client.
	 *
	 * @param crowd the clients, and the messages
	 * @param pid id of the server's process
	 * @param killAfterMillis time from the first message until the server is killed
	 */
	record Avalanche(Crowd crowd, long pid, long killAfterMillis) implements LoadRequest {

	}

	/**
	 * Clients that each have a session.
	 *
	 * @param port port of the server
	 * @param dialect json or socketio
	 * @param first number of the first session
	 * @param clients number of clients
	 * @param messages number of messages for each client
	 * @param periodMillis time between two messages for the same client
	 * @param seed seed of all random times
	 */
	record Crowd(int port, String dialect, int first, int clients, int messages, long periodMillis, long seed) {

	}

}
