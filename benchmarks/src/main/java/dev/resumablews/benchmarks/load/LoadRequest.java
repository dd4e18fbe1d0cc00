package dev.resumablews.benchmarks.load;

import java.util.List;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * What the load generator is asked to do, as one line of JSON.
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
	 * Replies as fast as the server gives them, several times, each time in all sessions
	 * at once.
	 *
	 * @param ports ports of the servers, used in turn
	 * @param dialect json or socketio
	 * @param sessions number of sessions
	 * @param tokens tokens of each reply
	 * @param bursts how many times
	 * @param watched whether each session has a second connection, to the next server
	 */
	record Burst(List<Integer> ports, String dialect, int sessions, int tokens, int bursts,
			boolean watched) implements LoadRequest {

	}

	/**
	 * Replies at a steady pace, one after the other in each session.
	 *
	 * @param ports ports of the servers, used in turn
	 * @param dialect json or socketio
	 * @param sessions number of sessions
	 * @param tokens tokens of each reply
	 * @param periodMicros microseconds between tokens
	 * @param warmUpMillis time before tokens count
	 * @param measureMillis time in which the tokens are made that count
	 * @param watched whether each session has a second connection, to the next server
	 */
	record Pace(List<Integer> ports, String dialect, int sessions, int tokens, long periodMicros, long warmUpMillis,
			long measureMillis, boolean watched) implements LoadRequest {

	}

	/**
	 * Seeded sessions are resumed from the beginning.
	 *
	 * @param port port of the server
	 * @param seeded number of seeded sessions
	 * @param replays how many of them come back, spread over all; then from the first one
	 * again
	 * @param events events of each
	 * @param parallel how many come back at once
	 */
	record Replay(int port, int seeded, int replays, int events, int parallel) implements LoadRequest {

	}

	/**
	 * Connections are opened and closed, one after the other.
	 *
	 * @param port port of the server
	 * @param parallel how many are being opened at once
	 * @param sessions number of seeded sessions to resume in turn; 0 for new ones
	 * @param millis for how long
	 */
	record Connect(int port, int parallel, int sessions, long millis) implements LoadRequest {

	}

	/**
	 * Connections are opened, and stay.
	 *
	 * @param port port of the server
	 * @param connections how many
	 */
	record Hold(int port, int connections) implements LoadRequest {

	}

	/**
	 * All connections are closed.
	 */
	record Release() implements LoadRequest {

	}

	/**
	 * Events are published into one session with many connections.
	 *
	 * @param port port of the server
	 * @param session number of the session, which has no events yet
	 * @param connections how many
	 * @param events how many events
	 * @param periodMicros microseconds between events
	 */
	record Fanout(int port, int session, int connections, int events, long periodMicros) implements LoadRequest {

	}

	/**
	 * Messages are published to each client of a crowd, whose connections are cut at
	 * random.
	 *
	 * @param crowd the clients, and the messages
	 * @param cutEveryMillis average time between two cuts of a client
	 * @param cutForMillis time until it connects again
	 */
	record Jitter(Crowd crowd, long cutEveryMillis, long cutForMillis) implements LoadRequest {

	}

	/**
	 * Messages are published to each client of a crowd, whose server is killed. The
	 * clients reconnect with the back-off of their protocol's client.
	 *
	 * @param crowd the clients, and the messages
	 * @param pid id of the server's process
	 * @param killAfterMillis time from the first message until it is killed
	 */
	record Avalanche(Crowd crowd, long pid, long killAfterMillis) implements LoadRequest {

	}

	/**
	 * Clients with a session each.
	 *
	 * @param port port of the server
	 * @param dialect json or socketio
	 * @param first number of the first session
	 * @param clients how many
	 * @param messages messages for each of them
	 * @param periodMillis time between two messages for the same client
	 * @param seed seed of all random times
	 */
	record Crowd(int port, String dialect, int first, int clients, int messages, long periodMillis, long seed) {

	}

}
