package dev.resumablews;

import java.net.URI;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.io.Resource;
import org.springframework.scheduling.support.CronExpression;
import org.springframework.util.unit.DataSize;

import static dev.resumablews.PropertyRules.require;
import static dev.resumablews.PropertyRules.requireAtLeast;
import static dev.resumablews.PropertyRules.requireAtMost;
import static dev.resumablews.PropertyRules.requireBetween;
import static dev.resumablews.PropertyRules.requireNotNegative;
import static dev.resumablews.PropertyRules.requirePositive;
import static dev.resumablews.PropertyRules.requireZeroOrAtLeast;
import static dev.resumablews.PropertyRules.show;

/**
 * All properties of the library. Each group is a record that refuses values that cannot
 * work, with a message that says what to set.
 * <p>
 * All groups are in one file, so that every property can be found there.
 *
 * @param enabled Whether the library is active. When false, there is no endpoint and no
 * table, and ResumableSessions drops what is published.
 * @param path Path of the WebSocket endpoint: letters, digits, "/", "-", "_" and ".".
 * @param allowedOrigins Origins a browser may connect from, and no others: patterns such
 * as "https://*.example.com", "self" for the origin of the endpoint itself, or "*" for
 * any. When empty, the same origin only.
 * @param auth Who may connect.
 * @param http Server-sent events, long polling, and messages over HTTP.
 * @param connection Limits and times of a connection.
 * @param user What one user may take of a node.
 * @param log The event log.
 * @param pool The library's own connections to Postgres.
 * @param feed Recent events kept in memory for connected sessions.
 * @param cluster How nodes tell each other of news.
 * @param reply Answers to user messages.
 * @param shutdown What happens when the application stops.
 * @param schema The tables in Postgres.
 * @param cleanup Scheduled removal of what is no longer needed.
 * @param client The script that browsers connect with.
 * @param relay Upstream WebSockets that sessions can be connected to, by name.
 */
@ConfigurationProperties("resumable-ws")
public record ResumableWsProperties(@DefaultValue("true") boolean enabled, @DefaultValue("/ws") String path,
		@DefaultValue List<String> allowedOrigins, @DefaultValue Auth auth, @DefaultValue Http http,
		@DefaultValue Connection connection, @DefaultValue User user, @DefaultValue Log log, @DefaultValue Pool pool,
		@DefaultValue Feed feed, @DefaultValue Cluster cluster, @DefaultValue Reply reply,
		@DefaultValue Shutdown shutdown, @DefaultValue Schema schema, @DefaultValue Cleanup cleanup,
		@DefaultValue Client client, @DefaultValue Map<String, Relay> relay) {

	private static final Pattern RELAY_NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,39}");

	private static final Pattern PATH = Pattern.compile("(/(?!\\.{1,2}(/|$))[A-Za-z0-9_.-]+)+");

	public ResumableWsProperties {
		allowedOrigins = allowedOrigins.stream().map(AllowedOrigin::normalize).toList();
		require(isPath(path), "path", path, "a path such as /ws, of letters, digits, '/', '-', '_' and '.'");
		require(!Set.of(path, path + "/sse", path + "/messages").contains(client.path()), "client.path", client.path(),
				"another path than those of the endpoints");
		if (pool.size() != null) {
			int least = log.lanes() + (relay.isEmpty() ? 4 : 5);
			require(pool.size() >= least, "pool.size", pool.size(),
					"at least %d, as there are %d lanes".formatted(least, log.lanes()));
		}
		relay = Map.copyOf(relay);
		relay.keySet()
			.forEach((name) -> require(RELAY_NAME.matcher(name).matches(), "relay", name,
					"named with lower-case letters, digits, '-' and '_', at most 40"));
	}

	/**
	 * Who may connect.
	 *
	 * @param tokenSources Where to look for the token, in this order. The query is a
	 * source only if it is named, because URLs end up in logs. With "message", a
	 * WebSocket whose handshake has no token opens, and its first message is to hold it.
	 * @param cookieName Name of the cookie that holds the token.
	 * @param revalidationInterval Time between two questions to the application's
	 * UserValidator whether a user who is connected is still valid. Milliseconds without
	 * a unit.
	 * @param permitWithSpringSecurity Whether Spring Security lets requests to the
	 * endpoint, which authenticates its clients itself, and to the client's scripts
	 * through.
	 * @param handshakesPerSecondPerAddress Handshakes a second that one address may send
	 * to this node on average, whatever their tokens; zero for no limit. An IPv6 address
	 * counts with all others of its /64.
	 * @param handshakeBurstPerAddress Handshakes that one address may send at once.
	 * @param firstMessageTimeout Time in which the first message must hold the token, if
	 * the handshake has none and "message" is a source of tokens; up to a minute.
	 * Milliseconds without a unit.
	 * @param maxUnauthenticated WebSockets of this node that may wait for their first
	 * message; further handshakes without a token are refused.
	 * @param maxUnauthenticatedPerAddress WebSockets of one address that may wait for
	 * their first message; further handshakes without a token are refused. An IPv6
	 * address counts with all others of its /64.
	 * @param jwt Verification of JSON Web Tokens.
	 */
	public record Auth(@DefaultValue( {
			"header", "subprotocol", "cookie" }) List<TokenSource> tokenSources,
			@DefaultValue("resumable-ws-token") String cookieName, @DefaultValue("1m") Duration revalidationInterval,
			@DefaultValue("true") boolean permitWithSpringSecurity,
			@DefaultValue("200") int handshakesPerSecondPerAddress, @DefaultValue("5000") int handshakeBurstPerAddress,
			@DefaultValue("5s") Duration firstMessageTimeout, @DefaultValue("20") int maxUnauthenticatedPerAddress,
			@DefaultValue("1000") int maxUnauthenticated, @DefaultValue Jwt jwt){

		public Auth {
			tokenSources = List.copyOf(tokenSources);
			require(!tokenSources.isEmpty() && Set.copyOf(tokenSources).size() == tokenSources.size(),
					"auth.token-sources", tokenSources, "at least one source, and each once at most");
			requireAtLeast("auth.revalidation-interval", revalidationInterval, "100ms", "m");
			require(!cookieName.isBlank(), "auth.cookie-name", cookieName, "the name of a cookie");
			require(handshakesPerSecondPerAddress >= 0, "auth.handshakes-per-second-per-address",
					handshakesPerSecondPerAddress, "zero or more");
			requirePositive("auth.handshake-burst-per-address", handshakeBurstPerAddress);
			requireAtLeast("auth.first-message-timeout", firstMessageTimeout, "100ms", "s");
			requireAtMost("auth.first-message-timeout", firstMessageTimeout, "1m");
			requirePositive("auth.max-unauthenticated-per-address", maxUnauthenticatedPerAddress);
			requirePositive("auth.max-unauthenticated", maxUnauthenticated);
		}

	}

	/**
	 * Where a client's token is found.
	 */
	public enum TokenSource {

		/**
		 * The {@code Authorization: Bearer} header.
		 */
		HEADER,

		/**
		 * An entry {@code jwt-<token>} of the {@code Sec-WebSocket-Protocol} header.
		 */
		SUBPROTOCOL,

		/**
		 * A cookie.
		 */
		COOKIE,

		/**
		 * The query parameter {@code token}, or {@code jwt}.
		 */
		QUERY,

		/**
		 * The first message, of a client whose handshake has no token.
		 */
		MESSAGE

	}

	/**
	 * Verification of JSON Web Tokens. One of secret, public key, JWK set or issuer is
	 * needed, unless the application has a {@code JwtDecoder} bean.
	 *
	 * @param secret Secret of HS256 signatures, at least 32 bytes.
	 * @param publicKeyLocation Location of an RSA public key in PEM format, for RS256
	 * signatures.
	 * @param jwkSetUri URI of the JWK set to verify signatures with.
	 * @param issuer Issuer, which the token's "iss" must match. When not set, it is the
	 * issuer URI if that is set, and is not looked at otherwise.
	 * @param issuerUri Issuer, whose keys are found by OpenID Connect discovery; the
	 * token's "iss" must match.
	 * @param audiences Audiences, one of which the token's "aud" must hold. When empty,
	 * it is not looked at.
	 * @param requireExpiration Whether a token without "exp" is refused.
	 * @param maxAge Age, counted from the token's "iat", at which a token is no longer
	 * valid even if it has not expired; a token without "iat" is refused. When not set,
	 * the age is not looked at. Milliseconds without a unit.
	 * @param clockSkew Tolerance for the clocks of issuer and server. Milliseconds
	 * without a unit.
	 * @param userClaim Claim that holds the user's id.
	 */
	public record Jwt(@Nullable String secret, @Nullable Resource publicKeyLocation, @Nullable String jwkSetUri,
			@Nullable String issuerUri, @Nullable String issuer, @DefaultValue List<String> audiences,
			@DefaultValue("true") boolean requireExpiration, @Nullable Duration maxAge,
			@DefaultValue("30s") Duration clockSkew, @DefaultValue("sub") String userClaim) {

		public Jwt {
			audiences = List.copyOf(audiences);
			if (maxAge != null) {
				requireAtLeast("auth.jwt.max-age", maxAge, "1m", "h");
			}
			requireZeroOrAtLeast("auth.jwt.clock-skew", clockSkew, "1s", "s");
			require(!userClaim.isBlank(), "auth.jwt.user-claim", userClaim, "the name of a claim");
		}

		/**
		 * Returns what tokens must hold, and no secret.
		 */
		@Override
		public String toString() {
			return "Jwt[userClaim=%s, audiences=%s]".formatted(this.userClaim, this.audiences);
		}

	}

	/**
	 * Server-sent events, long polling, and messages over HTTP.
	 *
	 * @param enabled Whether to provide them, below the path of the WebSocket endpoint.
	 * @param maxWait Time a long poll may wait for something to send. One that asks for
	 * more waits as long. Milliseconds without a unit.
	 * @param maxRequestSize Size of the body of a request with messages. Bytes without a
	 * unit.
	 */
	public record Http(@DefaultValue("true") boolean enabled, @DefaultValue("30s") Duration maxWait,
			@DefaultValue("1MB") DataSize maxRequestSize) {

		public Http {
			requireZeroOrAtLeast("http.max-wait", maxWait, "1s", "s");
			requireAtMost("http.max-wait", maxWait, "1h");
			requireBetween("http.max-request-size", maxRequestSize, "1KB", "64MB", "MB");
		}

	}

	/**
	 * Limits and times of a connection.
	 *
	 * @param heartbeatInterval Time between two pings to a client that is silent.
	 * Milliseconds without a unit.
	 * @param heartbeatTimeout Silence after which a client is taken for dead.
	 * Milliseconds without a unit.
	 * @param sendTimeout Time a client may take to accept what was sent before it is
	 * closed as too slow, in addition to the time of its transmission at 1 kB/s.
	 * Milliseconds without a unit.
	 * @param maxLifetime Time after which a connection is closed, so that the client
	 * connects again, perhaps to another node; zero for never. Milliseconds without a
	 * unit.
	 * @param maxLifetimeJitter Share of the maximum lifetime that is taken off at random.
	 * @param maxMessageSize Size of the largest message a client may send. Bytes without
	 * a unit.
	 * @param maxMalformedMessages Malformed messages in a row after which a client is
	 * closed.
	 * @param maxPerSession Connections a session may have, over all nodes; the oldest is
	 * closed for a new one.
	 * @param maxPerUser Connections a user may have, over all nodes.
	 * @param maxTotal Connections this node accepts. Keep it below what the web server
	 * accepts, such as server.tomcat.max-connections.
	 * @param maxOpening Connections whose session may wait to be opened; further ones are
	 * refused.
	 * @param maxSendSize Size up to which waiting events are sent together. Bytes without
	 * a unit.
	 */
	public record Connection(@DefaultValue("25s") Duration heartbeatInterval,
			@DefaultValue("60s") Duration heartbeatTimeout, @DefaultValue("20s") Duration sendTimeout,
			@DefaultValue("4h") Duration maxLifetime, @DefaultValue("0.2") double maxLifetimeJitter,
			@DefaultValue("128KB") DataSize maxMessageSize, @DefaultValue("10") int maxMalformedMessages,
			@DefaultValue("32") int maxPerSession, @DefaultValue("256") int maxPerUser,
			@DefaultValue("8000") int maxTotal, @DefaultValue("1000") int maxOpening,
			@DefaultValue("64KB") DataSize maxSendSize) {

		public Connection {
			requireAtLeast("connection.heartbeat-interval", heartbeatInterval, "100ms", "s");
			requireAtLeast("connection.heartbeat-timeout", heartbeatTimeout, "200ms", "s");
			require(heartbeatTimeout.compareTo(heartbeatInterval) > 0, "connection.heartbeat-timeout", heartbeatTimeout,
					"longer than resumable-ws.connection.heartbeat-interval, which is " + show(heartbeatInterval));
			requireAtLeast("connection.send-timeout", sendTimeout, "1s", "s");
			requireZeroOrAtLeast("connection.max-lifetime", maxLifetime, "1s", "h");
			require(maxLifetimeJitter >= 0 && maxLifetimeJitter <= 1, "connection.max-lifetime-jitter",
					maxLifetimeJitter, "from 0 to 1");
			requireBetween("connection.max-message-size", maxMessageSize, "1KB", "64MB", "KB");
			requirePositive("connection.max-malformed-messages", maxMalformedMessages);
			requirePositive("connection.max-per-session", maxPerSession);
			requirePositive("connection.max-per-user", maxPerUser);
			requirePositive("connection.max-total", maxTotal);
			requirePositive("connection.max-opening", maxOpening);
			requireBetween("connection.max-send-size", maxSendSize, "1KB", "64MB", "KB");
		}

	}

	/**
	 * What one user may take of a node, over all of the user's connections. Zero is no
	 * limit.
	 *
	 * @param messagesPerSecond Messages a second on average.
	 * @param messageBurst Messages at once.
	 * @param sizePerSecond Size of the messages of a second on average; 16 times as much
	 * at once. Bytes without a unit.
	 * @param framesPerSecond Frames a second on average, of which a large message has
	 * many; five times as many at once.
	 * @param handshakesPerMinute Handshakes a minute on average; as many at once.
	 * @param resumesPerMinute Requests a minute to send the log again from an event on.
	 * @param repliesPerMinute Messages a minute that are answered.
	 * @param replayPerSecond Size of the events of a second that are read from the log on
	 * average; four times as much at once. Beyond that, they are read later. Bytes
	 * without a unit.
	 * @param maxWaitingMessages Messages that wait to be stored or handled.
	 * @param maxWaitingSize Size of the messages that wait to be stored or handled. Bytes
	 * without a unit.
	 * @param maxUnreadSize Size of the control messages that the user's clients have not
	 * read yet. Bytes without a unit.
	 * @param ephemeralPerSecond Ephemeral messages a second on average; twice as many at
	 * once. Further ones are dropped.
	 * @param maxEphemeralSize Size of the ephemeral events that the user's clients have
	 * not read yet, and of the ephemeral messages that wait to be handled, at 1 kB more
	 * for each. Further ones are dropped, the oldest events first. Bytes without a unit.
	 * @param maxHandlers Handlers of messages that run at the same time.
	 * @param maxWaitingReplies Replies that may wait for their turn, on all nodes, before
	 * further messages of the user are refused.
	 * @param maxRunningReplies Replies that run at the same time, on all nodes.
	 * @param maxSessions Open sessions, on all nodes, before handshakes create no further
	 * ones.
	 * @param maxStorage Size of the events of all sessions, beyond which messages of the
	 * user that would be stored are refused. Bytes without a unit.
	 */
	public record User(@DefaultValue("20") int messagesPerSecond, @DefaultValue("100") int messageBurst,
			@DefaultValue("256KB") DataSize sizePerSecond, @DefaultValue("200") int framesPerSecond,
			@DefaultValue("240") int handshakesPerMinute, @DefaultValue("60") int resumesPerMinute,
			@DefaultValue("60") int repliesPerMinute, @DefaultValue("8MB") DataSize replayPerSecond,
			@DefaultValue("1000") int maxWaitingMessages, @DefaultValue("4MB") DataSize maxWaitingSize,
			@DefaultValue("1MB") DataSize maxUnreadSize, @DefaultValue("50") int ephemeralPerSecond,
			@DefaultValue("1MB") DataSize maxEphemeralSize, @DefaultValue("4") int maxHandlers,
			@DefaultValue("20") int maxWaitingReplies, @DefaultValue("10") int maxRunningReplies,
			@DefaultValue("1000") int maxSessions, @DefaultValue("0B") DataSize maxStorage) {

		public User {
			requireNotNegative("user.messages-per-second", messagesPerSecond);
			requirePositive("user.message-burst", messageBurst);
			requireZeroOrAtLeast("user.size-per-second", sizePerSecond, "1KB", "KB");
			requireNotNegative("user.frames-per-second", framesPerSecond);
			requireNotNegative("user.handshakes-per-minute", handshakesPerMinute);
			requireNotNegative("user.resumes-per-minute", resumesPerMinute);
			requireNotNegative("user.replies-per-minute", repliesPerMinute);
			requireZeroOrAtLeast("user.replay-per-second", replayPerSecond, "1KB", "MB");
			requireNotNegative("user.max-waiting-messages", maxWaitingMessages);
			requireZeroOrAtLeast("user.max-waiting-size", maxWaitingSize, "1KB", "MB");
			requireZeroOrAtLeast("user.max-unread-size", maxUnreadSize, "1KB", "MB");
			requireNotNegative("user.ephemeral-per-second", ephemeralPerSecond);
			requireZeroOrAtLeast("user.max-ephemeral-size", maxEphemeralSize, "1KB", "MB");
			requireNotNegative("user.max-handlers", maxHandlers);
			requireNotNegative("user.max-waiting-replies", maxWaitingReplies);
			requireNotNegative("user.max-running-replies", maxRunningReplies);
			requireNotNegative("user.max-sessions", maxSessions);
			requireZeroOrAtLeast("user.max-storage", maxStorage, "1KB", "MB");
		}

	}

	/**
	 * The event log.
	 *
	 * @param lanes Batches of events that may be written to Postgres at the same time;
	 * each holds a database connection while it writes.
	 * @param queueCapacity Events that may wait in each lane.
	 * @param queueSize Size of the events that may wait in each lane. Bytes without a
	 * unit.
	 * @param maxBatch Events written in one batch at most.
	 * @param commitInterval Shortest time between two commits of a lane that has more to
	 * do than one event at a time; zero to commit as often as Postgres can. Milliseconds
	 * without a unit.
	 * @param appendTimeout Time an event may wait to be stored before it is refused.
	 * Milliseconds without a unit.
	 * @param statementTimeout Time Postgres may take to answer a statement. Milliseconds
	 * without a unit.
	 * @param maxEventSize Size of the largest event. Bytes without a unit.
	 * @param readers Reads from Postgres at the same time for connections that catch up.
	 * @param handlers Messages with an idempotency key that are handled at the same time.
	 * Each holds a connection of the application's pool while its handler runs.
	 * @param pageSize Events read from Postgres at once for a connection that catches up.
	 * @param epoch Name of the database's history, added to its system identifier and
	 * timeline. Set a name that was never used before when the database is set back
	 * without a new timeline.
	 */
	public record Log(@DefaultValue("2") int lanes, @DefaultValue("10000") int queueCapacity,
			@DefaultValue("32MB") DataSize queueSize, @DefaultValue("1000") int maxBatch,
			@DefaultValue("10ms") Duration commitInterval, @DefaultValue("10s") Duration appendTimeout,
			@DefaultValue("20s") Duration statementTimeout, @DefaultValue("1MB") DataSize maxEventSize,
			@DefaultValue("4") int readers, @DefaultValue("5") int handlers, @DefaultValue("500") int pageSize,
			@DefaultValue("") String epoch) {

		public Log {
			require(lanes >= 1 && lanes <= 64, "log.lanes", lanes, "from 1 to 64");
			requirePositive("log.queue-capacity", queueCapacity);
			require(maxBatch >= 1 && maxBatch <= 10_000, "log.max-batch", maxBatch, "from 1 to 10000");
			require(!commitInterval.isNegative(), "log.commit-interval", commitInterval, "zero or more");
			requireAtMost("log.commit-interval", commitInterval, "1s");
			requireAtLeast("log.append-timeout", appendTimeout, "1s", "s");
			requireAtLeast("log.statement-timeout", statementTimeout, "1s", "s");
			requireBetween("log.max-event-size", maxEventSize, "1KB", "64MB", "MB");
			requireAtLeast("log.queue-size", queueSize, "1KB", "MB");
			require(queueSize.compareTo(maxEventSize) >= 0, "log.queue-size", queueSize,
					"no smaller than resumable-ws.log.max-event-size, which is " + show(maxEventSize));
			require(readers >= 1 && readers <= 64, "log.readers", readers, "from 1 to 64");
			require(handlers >= 1 && handlers <= 64, "log.handlers", handlers, "from 1 to 64");
			require(pageSize >= 1 && pageSize <= 10_000, "log.page-size", pageSize, "from 1 to 10000");
			require(epoch.matches("[A-Za-z0-9._:-]{0,64}"), "log.epoch", epoch,
					"letters, digits, '.', '_', ':' and '-', at most 64");
		}

	}

	/**
	 * The library's own connections to Postgres, which the application cannot use up.
	 *
	 * @param enabled Whether to keep a small pool with the settings of the application's,
	 * instead of sharing the application's pool.
	 * @param size Connections in the pool at most. When not set, there is one for each of
	 * log.lanes and log.readers, and three more, or four with relays.
	 */
	public record Pool(@DefaultValue("true") boolean enabled, @Nullable Integer size) {

	}

	/**
	 * Recent events kept in memory for connected sessions.
	 *
	 * @param maxEvents Events kept for a session.
	 * @param maxSize Size of the events kept for a session. Bytes without a unit.
	 */
	public record Feed(@DefaultValue("256") int maxEvents, @DefaultValue("128KB") DataSize maxSize) {

		public Feed {
			requirePositive("feed.max-events", maxEvents);
			requireAtLeast("feed.max-size", maxSize, "1KB", "KB");
		}

	}

	/**
	 * How nodes tell each other that a session has news, or that there is a reply to care
	 * for.
	 *
	 * @param signal What carries the signals between nodes.
	 * @param pollInterval Time between two looks at the table of signals, when polling.
	 * Milliseconds without a unit.
	 * @param backstopInterval Time between two looks at the log in addition to the
	 * signals, in case one was lost. Milliseconds without a unit.
	 */
	public record Cluster(@DefaultValue("postgres") Signal signal, @DefaultValue("250ms") Duration pollInterval,
			@DefaultValue("5s") Duration backstopInterval) {

		public Cluster {
			requireAtLeast("cluster.poll-interval", pollInterval, "10ms", "ms");
			requireAtLeast("cluster.backstop-interval", backstopInterval, "100ms", "s");
		}

	}

	/**
	 * What carries the signals between nodes.
	 */
	public enum Signal {

		/**
		 * Postgres {@code NOTIFY}. Needs a connection that is not shared, so not one of a
		 * pooler in transaction mode.
		 */
		POSTGRES,

		/**
		 * A table that each node reads at short intervals. Works with a pooler in
		 * transaction mode.
		 */
		POLLING,

		/**
		 * Redis pub/sub, through Spring Data Redis.
		 */
		REDIS

	}

	/**
	 * Answers to user messages.
	 *
	 * @param enabled Whether user messages are answered.
	 * @param systemPrompt System prompt for the model.
	 * @param historyMessages Messages of the conversation that are given to the model.
	 * @param historyCharacters Length, in UTF-16 units, of these messages together. The
	 * oldest are left out; the message to answer never is.
	 * @param firstPartTimeout Time the model may be silent before the first text of a
	 * reply; models that reason are silent at first. Milliseconds without a unit.
	 * @param idleTimeout Time the model may be silent after that before the reply fails.
	 * Bytes that carry no text count, as far as the model's client shows them.
	 * Milliseconds without a unit.
	 * @param maxDuration Time a reply may take before it fails. Milliseconds without a
	 * unit.
	 * @param maxConcurrent Replies that may run at once on this node.
	 * @param maxWaiting Replies that may wait for their turn, on all nodes, before
	 * further messages of users of whom some wait are refused; twice as many, before
	 * those of all users are.
	 * @param maxCharacters Length, in UTF-16 units, at which a reply is cut off.
	 * @param oneAtATime Whether a reply waits until the replies to all earlier messages
	 * of its session have ended.
	 * @param lease Time after which another node takes over a reply whose node gives no
	 * sign of life; nodes give one each third of that time. Milliseconds without a unit.
	 * @param takeover What happens to a reply that is taken over.
	 * @param maxAttempts Attempts at a reply before it fails.
	 */
	public record Reply(@DefaultValue("true") boolean enabled, @Nullable String systemPrompt,
			@DefaultValue("50") int historyMessages, @DefaultValue("200000") int historyCharacters,
			@DefaultValue("5m") Duration firstPartTimeout, @DefaultValue("60s") Duration idleTimeout,
			@DefaultValue("10m") Duration maxDuration, @DefaultValue("200") int maxConcurrent,
			@DefaultValue("1000") int maxWaiting, @DefaultValue("200000") int maxCharacters,
			@DefaultValue("true") boolean oneAtATime, @DefaultValue("15s") Duration lease,
			@DefaultValue("restart") Takeover takeover, @DefaultValue("3") int maxAttempts) {

		public Reply {
			requirePositive("reply.history-messages", historyMessages);
			requirePositive("reply.history-characters", historyCharacters);
			requireAtLeast("reply.first-part-timeout", firstPartTimeout, "1s", "m");
			requireAtLeast("reply.idle-timeout", idleTimeout, "1s", "s");
			requireAtLeast("reply.max-duration", maxDuration, "1s", "m");
			requirePositive("reply.max-concurrent", maxConcurrent);
			require(maxWaiting >= 0, "reply.max-waiting", maxWaiting, "zero or more");
			requirePositive("reply.max-characters", maxCharacters);
			requireAtLeast("reply.lease", lease, "1s", "s");
			requirePositive("reply.max-attempts", maxAttempts);
		}

	}

	/**
	 * What happens to a reply whose node is gone.
	 */
	public enum Takeover {

		/**
		 * It begins anew.
		 */
		RESTART,

		/**
		 * It ends as failed.
		 */
		FAIL

	}

	/**
	 * What happens when the application stops.
	 *
	 * @param timeout Time in which replies end, events are stored and connections are
	 * closed. Keep it below spring.lifecycle.timeout-per-shutdown-phase. Milliseconds
	 * without a unit.
	 * @param replyGrace Time that running replies get to end by themselves; at most four
	 * fifths of the timeout. Milliseconds without a unit.
	 * @param reconnectWindow Window over which clients are asked to spread their return.
	 * Milliseconds without a unit.
	 */
	public record Shutdown(@DefaultValue("20s") Duration timeout, @DefaultValue("10s") Duration replyGrace,
			@DefaultValue("5s") Duration reconnectWindow) {

		public Shutdown {
			requireAtLeast("shutdown.timeout", timeout, "1s", "s");
			Duration longest = timeout.multipliedBy(4).dividedBy(5);
			requireZeroOrAtLeast("shutdown.reply-grace", replyGrace, "50ms", "s");
			require(replyGrace.compareTo(longest) <= 0, "shutdown.reply-grace", replyGrace,
					"from zero to %s, four fifths of resumable-ws.shutdown.timeout, so that time is left to store how replies ended"
						.formatted(show(longest)));
			requireZeroOrAtLeast("shutdown.reconnect-window", reconnectWindow, "100ms", "s");
		}

	}

	/**
	 * The tables in Postgres.
	 *
	 * @param migrate Whether to create and update the tables at start-up.
	 * @param name Schema the tables are in. When empty, the one the database connection
	 * comes with.
	 */
	public record Schema(@DefaultValue("true") boolean migrate, @DefaultValue("") String name) {

		public Schema {
			require(name.isEmpty() || name.matches("[a-z_][a-z0-9_]{0,62}"), "schema.name", name,
					"lower-case letters, digits and underscores, not starting with a digit, at most 63");
		}

	}

	/**
	 * Scheduled removal of what is no longer needed.
	 *
	 * @param enabled Whether to clean up.
	 * @param interval Time between two runs. Milliseconds without a unit.
	 * @param cron Cron expression that says when to run, instead of the interval.
	 * @param sessionTtl Time after which a session without a connection or an event is
	 * removed with its events, at least 2 hours; zero for never. Milliseconds without a
	 * unit.
	 * @param closedSessionTtl Time after which a session that was closed is removed with
	 * its events; zero to treat it like others. Milliseconds without a unit.
	 * @param eventTtl Age at which events are removed; zero for never. Milliseconds
	 * without a unit.
	 * @param idempotencyKeyTtl Age at which idempotency keys are removed. Milliseconds
	 * without a unit.
	 * @param liveConnectionTtl Time without a heartbeat after which a live connection is
	 * removed. Milliseconds without a unit.
	 * @param batchSize Rows removed in one transaction.
	 */
	public record Cleanup(@DefaultValue("true") boolean enabled, @DefaultValue("10m") Duration interval,
			@Nullable String cron, @DefaultValue("30d") Duration sessionTtl,
			@DefaultValue("1d") Duration closedSessionTtl, @DefaultValue("30d") Duration eventTtl,
			@DefaultValue("7d") Duration idempotencyKeyTtl, @DefaultValue("5m") Duration liveConnectionTtl,
			@DefaultValue("1000") int batchSize) {

		public Cleanup {
			requireAtLeast("cleanup.interval", interval, "100ms", "m");
			if (cron != null && !cron.isEmpty()) {
				require(CronExpression.isValidExpression(cron), "cleanup.cron", cron,
						"a cron expression of six fields, such as '0 0 4 * * *'");
				require(CronExpression.parse(cron).next(LocalDateTime.now()) != null, "cleanup.cron", cron,
						"a cron expression that names a time which comes, such as '0 0 4 * * *'");
			}
			// a session notes a visit once an hour only
			requireZeroOrAtLeast("cleanup.session-ttl", sessionTtl, "2h", "d");
			requireZeroOrAtLeast("cleanup.closed-session-ttl", closedSessionTtl, "1h", "d");
			requireZeroOrAtLeast("cleanup.event-ttl", eventTtl, "1h", "d");
			requireAtLeast("cleanup.idempotency-key-ttl", idempotencyKeyTtl, "1h", "d");
			requireAtLeast("cleanup.live-connection-ttl", liveConnectionTtl, "1s", "m");
			require(batchSize >= 1 && batchSize <= 100_000, "cleanup.batch-size", batchSize, "from 1 to 100000");
		}

	}

	/**
	 * The script that browsers connect with. Beside it are the one that it loads where
	 * WebSockets are blocked, and the one that counts unsent messages.
	 *
	 * @param enabled Whether to serve the scripts.
	 * @param path Path of the script that browsers connect with. The others are http.js
	 * and unsent.js in the same folder.
	 */
	public record Client(@DefaultValue("true") boolean enabled, @DefaultValue("/resumable-ws/client.js") String path) {

		public Client {
			require(isPath(path), "client.path", path,
					"a path such as /js/resumable-ws.js, of letters, digits, '/', '-', '_' and '.'");
			require(!path.endsWith("/http.js") && !path.endsWith("/unsent.js"), "client.path", path,
					"a path that ends in another name: another script of the client is served there");
		}

	}

	/**
	 * An upstream WebSocket, such as a realtime API, to which a session is connected by a
	 * message of type "relay.&lt;name&gt;".
	 *
	 * @param uri URI of the upstream, with the scheme "ws" or "wss". It may be logged
	 * without its query.
	 * @param headers Headers of the handshake, such as "Authorization". Their values are
	 * neither logged nor sent to clients.
	 * @param subprotocols Subprotocols that are offered to the upstream.
	 * @param durableTypes Types of the upstream's messages that are stored, with "*" for
	 * any characters.
	 * @param ephemeralTypes Types of the upstream's messages that are never stored, even
	 * if they are among the durable ones. All that are not durable are ephemeral.
	 * @param redelivery What happens to messages that may have reached the upstream
	 * before, on a connection that was lost.
	 * @param connectTimeout Time an attempt to connect may take. Milliseconds without a
	 * unit.
	 * @param minBackOff Delay after the first failed attempt to connect; it doubles with
	 * each further one. Milliseconds without a unit.
	 * @param maxBackOff Longest delay between two attempts to connect. Milliseconds
	 * without a unit.
	 * @param maxRefusals Attempts that the upstream answers with 401 or 403 before the
	 * relay is closed.
	 * @param giveUpAfter Time without a connection after which the relay is closed.
	 * Milliseconds without a unit.
	 * @param idleTimeout Time without a message in either direction after which the relay
	 * is closed. Milliseconds without a unit.
	 * @param maxMessageSize Size of the largest message of the upstream. Bytes without a
	 * unit.
	 * @param maxWaitingSize Size of the messages of one session that wait to be
	 * forwarded, before further ones are refused; zero for no limit. Bytes without a
	 * unit.
	 * @param lease Time after which another node takes over a relay whose node gives no
	 * sign of life. Milliseconds without a unit.
	 * @param maxPerUser Relays that are open for one user, on all nodes, before messages
	 * that ask for another one are refused; zero for no limit.
	 * @param maxPerNode Relays that are open on this node. Further ones are left to other
	 * nodes, or wait.
	 */
	public record Relay(@Nullable URI uri, @DefaultValue Map<String, String> headers,
			@DefaultValue List<String> subprotocols, @DefaultValue List<String> durableTypes,
			@DefaultValue List<String> ephemeralTypes, @DefaultValue("resend") Redelivery redelivery,
			@DefaultValue("10s") Duration connectTimeout, @DefaultValue("500ms") Duration minBackOff,
			@DefaultValue("30s") Duration maxBackOff, @DefaultValue("3") int maxRefusals,
			@DefaultValue("1h") Duration giveUpAfter, @DefaultValue("5m") Duration idleTimeout,
			@DefaultValue("1MB") DataSize maxMessageSize, @DefaultValue("1MB") DataSize maxWaitingSize,
			@DefaultValue("15s") Duration lease, @DefaultValue("10") int maxPerUser,
			@DefaultValue("100") int maxPerNode) {

		public Relay {
			require(uri != null && uri.getHost() != null && List.of("ws", "wss").contains(uri.getScheme()),
					"relay.<name>.uri", (uri != null) ? withoutQuery(uri) : "", "a ws:// or wss:// URI");
			headers = Map.copyOf(headers);
			subprotocols = List.copyOf(subprotocols);
			durableTypes = List.copyOf(durableTypes);
			ephemeralTypes = List.copyOf(ephemeralTypes);
			requireAtLeast("relay.<name>.connect-timeout", connectTimeout, "100ms", "s");
			requireAtLeast("relay.<name>.min-back-off", minBackOff, "10ms", "ms");
			requireAtLeast("relay.<name>.max-back-off", maxBackOff, "100ms", "s");
			require(maxBackOff.compareTo(minBackOff) >= 0, "relay.<name>.max-back-off", maxBackOff,
					"no shorter than resumable-ws.relay.<name>.min-back-off, which is " + show(minBackOff));
			requirePositive("relay.<name>.max-refusals", maxRefusals);
			requireAtLeast("relay.<name>.give-up-after", giveUpAfter, "1s", "h");
			requireAtLeast("relay.<name>.idle-timeout", idleTimeout, "1s", "m");
			requireBetween("relay.<name>.max-message-size", maxMessageSize, "1KB", "64MB", "MB");
			requireZeroOrAtLeast("relay.<name>.max-waiting-size", maxWaitingSize, "1KB", "MB");
			requireAtLeast("relay.<name>.lease", lease, "1s", "s");
			requireNotNegative("relay.<name>.max-per-user", maxPerUser);
			requirePositive("relay.<name>.max-per-node", maxPerNode);
		}

		/**
		 * Returns where the upstream is, and nothing that may be secret.
		 */
		@Override
		public String toString() {
			return "Relay[uri=%s]".formatted((this.uri != null) ? withoutQuery(this.uri) : "");
		}

		private static String withoutQuery(URI uri) {
			return uri.getScheme() + "://" + uri.getHost() + ((uri.getPort() != -1) ? ":" + uri.getPort() : "")
					+ ((uri.getPath() != null) ? uri.getPath() : "");
		}

	}

	/**
	 * What happens to a message that may have reached the upstream before.
	 */
	public enum Redelivery {

		/**
		 * It is sent again.
		 */
		RESEND,

		/**
		 * It is not sent again.
		 */
		SKIP

	}

	/**
	 * Whether a value is a path in which nothing is a pattern or needs to be escaped.
	 */
	private static boolean isPath(String value) {
		return PATH.matcher(value).matches();
	}

}
