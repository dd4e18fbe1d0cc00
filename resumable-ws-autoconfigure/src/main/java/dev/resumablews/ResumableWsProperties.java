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
 * Configuration properties of the library. Each group is a record that rejects invalid
 * values with a message that names the accepted ones.
 * <p>
 * All groups are in this file, so that every property is easy to find.
 *
 * @param enabled Whether the library is active. When false, there are no endpoints and no
 * tables, and ResumableSessions discards published events.
 * @param path Path of the WebSocket endpoint: letters, digits, "/", "-", "_" and ".".
 * @param allowedOrigins Origins from which browsers may connect: patterns such as
 * "https://*.example.com", "self" for the endpoint's origin, or "*" for any. When empty,
 * only the same origin is allowed.
 * @param auth Authentication of clients.
 * @param http Server-sent events, long polling, and messages over HTTP.
 * @param connection Limits and timeouts of a connection.
 * @param user Limits of one user.
 * @param log The event log.
 * @param pool The library's own connection pool.
 * @param feed Recent events kept in memory for connected sessions.
 * @param cluster Signals between nodes.
 * @param reply Answers to user messages.
 * @param shutdown Graceful shutdown.
 * @param schema The tables in Postgres.
 * @param cleanup Scheduled removal of expired data.
 * @param client The client script for browsers.
 * @param relay Upstream WebSockets to which sessions can be connected, by name.
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
			int least = log.writers() + (relay.isEmpty() ? 4 : 5);
			require(pool.size() >= least, "pool.size", pool.size(),
					"at least %d, as there are %d writers".formatted(least, log.writers()));
		}
		relay = Map.copyOf(relay);
		relay.keySet()
			.forEach((name) -> require(RELAY_NAME.matcher(name).matches(), "relay", name,
					"named with lower-case letters, digits, '-' and '_', at most 40"));
	}

	/**
	 * Authentication of clients.
	 *
	 * @param tokenSources Sources of the token, in order of precedence. The query must be
	 * named explicitly, because URLs end up in logs. With "message", a WebSocket without
	 * a token in its handshake opens and must send the token in its first message.
	 * @param cookieName Name of the cookie that holds the token.
	 * @param revalidationInterval Interval at which the application's UserValidator
	 * checks connected users. Milliseconds without a unit.
	 * @param permitWithSpringSecurity Whether Spring Security permits requests to the
	 * client scripts and to the endpoint, which authenticates clients by itself.
	 * @param handshakesPerSecondPerAddress Average number of handshakes per second that
	 * one address may send to this node, with valid or invalid tokens; zero for no limit.
	 * All IPv6 addresses of a /64 count as one.
	 * @param handshakeBurstPerAddress Number of handshakes that one address may send at
	 * once.
	 * @param firstMessageTimeout Time within which the first message with the token must
	 * arrive, if the handshake has none and "message" is a token source; at most one
	 * minute. Milliseconds without a unit.
	 * @param maxUnauthenticated Number of WebSockets of this node that may be waiting for
	 * their first message, before further handshakes without a token are rejected.
	 * @param maxUnauthenticatedPerAddress Number of WebSockets of one address that may be
	 * waiting for their first message, before further handshakes without a token are
	 * rejected. All IPv6 addresses of a /64 count as one.
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
	 * Source of a client's token.
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
		 * The first message, if the handshake has no token.
		 */
		MESSAGE

	}

	/**
	 * Verification of JSON Web Tokens. Requires a secret, a public key, a JWK set or an
	 * issuer, unless the application has a {@code JwtDecoder} bean.
	 *
	 * @param secret Secret of HS256 signatures, at least 32 bytes.
	 * @param publicKeyLocation Location of an RSA public key in PEM format, for RS256
	 * signatures.
	 * @param jwkSetUri URI of the JWK set to verify signatures with.
	 * @param issuer Issuer that the token's "iss" must match. When not set, the issuer
	 * URI is used; without either, "iss" is not checked.
	 * @param issuerUri Issuer whose keys are found by OpenID Connect discovery. The
	 * token's "iss" must match it.
	 * @param audiences Audiences of which the token's "aud" must contain at least one.
	 * When empty, "aud" is not checked.
	 * @param requireExpiration Whether to reject tokens without "exp".
	 * @param maxAge Maximum age of a token, counted from its "iat", regardless of its
	 * expiration. Tokens without "iat" are rejected. When not set, the age is not
	 * checked. Milliseconds without a unit.
	 * @param clockSkew Tolerated difference between the clocks of issuer and server.
	 * Milliseconds without a unit.
	 * @param userClaim Claim that contains the user id.
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
		 * Returns the expected claims. Keys and secrets are omitted.
		 */
		@Override
		public String toString() {
			return "Jwt[userClaim=%s, audiences=%s]".formatted(this.userClaim, this.audiences);
		}

	}

	/**
	 * Server-sent events, long polling, and messages over HTTP.
	 *
	 * @param enabled Whether to provide the HTTP endpoints, below the path of the
	 * WebSocket endpoint.
	 * @param maxWait Maximum time that a long poll waits for events, even if the client
	 * requests more. Milliseconds without a unit.
	 * @param maxRequestSize Maximum size of the body of a request with messages. Bytes
	 * without a unit.
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
	 * Limits and timeouts of a connection.
	 *
	 * @param heartbeatInterval Interval of pings to a silent client. Milliseconds without
	 * a unit.
	 * @param heartbeatTimeout Time without traffic after which a client is considered
	 * dead. Milliseconds without a unit.
	 * @param sendTimeout Time after which a connection is closed if the client does not
	 * accept sent data, in addition to the transmission time at 1 kB/s. Milliseconds
	 * without a unit.
	 * @param maxLifetime Time after which a connection is closed so that the client
	 * reconnects, possibly to another node; zero for no limit. Milliseconds without a
	 * unit.
	 * @param maxLifetimeJitter Maximum share of the lifetime that is subtracted at
	 * random, from 0 to 1.
	 * @param maxMessageSize Maximum size of a client message. Bytes without a unit.
	 * @param maxMalformedMessages Number of consecutive malformed messages after which a
	 * connection is closed.
	 * @param maxPerSession Maximum number of connections of a session on all nodes. A
	 * further connection closes the oldest one.
	 * @param maxPerUser Maximum number of connections of a user on all nodes.
	 * @param maxTotal Maximum number of connections of this node. Keep it below the limit
	 * of the web server, such as server.tomcat.max-connections.
	 * @param maxOpening Number of connections that may be waiting for their session to be
	 * opened, before further ones are rejected.
	 * @param maxSendSize Size up to which queued events are combined in one send. Bytes
	 * without a unit.
	 */
	public record Connection(@DefaultValue("25s") Duration heartbeatInterval,
			@DefaultValue("60s") Duration heartbeatTimeout, @DefaultValue("20s") Duration sendTimeout,
			@DefaultValue("4h") Duration maxLifetime, @DefaultValue("0.2") double maxLifetimeJitter,
			@DefaultValue("128KB") DataSize maxMessageSize, @DefaultValue("10") int maxMalformedMessages,
			@DefaultValue("32") int maxPerSession, @DefaultValue("256") int maxPerUser,
			@DefaultValue("8000") int maxTotal, @DefaultValue("4000") int maxOpening,
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
	 * Limits of one user on a node, over all of the user's connections. Zero means no
	 * limit.
	 *
	 * @param messagesPerSecond Average number of messages per second.
	 * @param messageBurst Number of messages at once.
	 * @param sizePerSecond Average size of the messages per second, with bursts of 16
	 * times that size. Bytes without a unit.
	 * @param framesPerSecond Average number of frames per second, with bursts of five
	 * times that number. Large messages consist of many frames.
	 * @param handshakesPerMinute Average number of handshakes per minute, with bursts of
	 * the same number.
	 * @param resumesPerMinute Number of requests per minute to replay the log from an
	 * event.
	 * @param repliesPerMinute Number of messages per minute that are answered.
	 * @param replayPerSecond Average size of the events per second that are read from the
	 * log for replays, with bursts of four times that size. Further reads are delayed.
	 * Bytes without a unit.
	 * @param maxWaitingMessages Maximum number of messages that are queued to be stored
	 * or handled.
	 * @param maxWaitingSize Maximum size of the messages that are queued to be stored or
	 * handled. Bytes without a unit.
	 * @param maxUnreadSize Maximum size of the control messages that the user's clients
	 * have not read yet. Bytes without a unit.
	 * @param ephemeralPerSecond Average number of ephemeral messages per second, with
	 * bursts of twice that number. Further messages are dropped.
	 * @param maxEphemeralSize Maximum size of unread ephemeral events and queued
	 * ephemeral messages, with 1 kB added for each. Further ones are dropped, oldest
	 * events first. Bytes without a unit.
	 * @param maxHandlers Number of message handlers that may run concurrently.
	 * @param maxWaitingReplies Number of queued replies, on all nodes, before further
	 * messages of the user are rejected.
	 * @param maxRunningReplies Number of replies that may run concurrently, on all nodes.
	 * @param maxSessions Maximum number of open sessions. Further handshakes do not
	 * create sessions.
	 * @param maxStorage Maximum size of the events in all sessions of the user, before
	 * further stored messages are rejected. Bytes without a unit.
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
	 * @param writers Number of batches that may be written to Postgres concurrently. Each
	 * one holds a database connection while it writes.
	 * @param queueCapacity Maximum number of queued events of each writer.
	 * @param queueSize Maximum size of the queued events of each writer. Bytes without a
	 * unit.
	 * @param maxBatch Maximum number of events in a batch.
	 * @param commitInterval Maximum time between the starts of two commits of a writer
	 * that is delayed so that more events share a commit. While commits are fast, the
	 * time is one and a half times what they take; zero to commit as often as Postgres
	 * can. Milliseconds without a unit.
	 * @param appendTimeout Time after which an event that could not be stored is
	 * rejected. Milliseconds without a unit.
	 * @param statementTimeout Maximum time that a statement may take. Milliseconds
	 * without a unit.
	 * @param maxEventSize Maximum size of an event. Bytes without a unit.
	 * @param readers Number of concurrent reads from Postgres for replays.
	 * @param handlers Number of messages with an idempotency key that are handled
	 * concurrently. Each one holds a connection of the application's pool while its
	 * handler runs.
	 * @param pageSize Number of events per read from Postgres for replays.
	 * @param epoch Name of the database's history, in addition to its system identifier
	 * and timeline. Set a name that was never used before after restoring the database
	 * without a new timeline.
	 */
	public record Log(@DefaultValue("2") int writers, @DefaultValue("10000") int queueCapacity,
			@DefaultValue("32MB") DataSize queueSize, @DefaultValue("1000") int maxBatch,
			@DefaultValue("10ms") Duration commitInterval, @DefaultValue("10s") Duration appendTimeout,
			@DefaultValue("20s") Duration statementTimeout, @DefaultValue("1MB") DataSize maxEventSize,
			@DefaultValue("4") int readers, @DefaultValue("5") int handlers, @DefaultValue("500") int pageSize,
			@DefaultValue("") String epoch) {

		public Log {
			require(writers >= 1 && writers <= 64, "log.writers", writers, "from 1 to 64");
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
	 * The library's own connection pool, which the application cannot exhaust.
	 *
	 * @param enabled Whether to use a small separate pool with the settings of the
	 * application's pool, instead of sharing that pool.
	 * @param size Maximum number of connections. When not set, the sum of log.writers and
	 * log.readers plus three, or four with relays.
	 */
	public record Pool(@DefaultValue("true") boolean enabled, @Nullable Integer size) {

	}

	/**
	 * Recent events kept in memory for connected sessions.
	 *
	 * @param maxEvents Maximum number of events kept for a session.
	 * @param maxSize Maximum size of the events kept for a session. Bytes without a unit.
	 */
	public record Feed(@DefaultValue("256") int maxEvents, @DefaultValue("128KB") DataSize maxSize) {

		public Feed {
			requirePositive("feed.max-events", maxEvents);
			requireAtLeast("feed.max-size", maxSize, "1KB", "KB");
		}

	}

	/**
	 * Signals between nodes about new events and replies.
	 *
	 * @param signal Transport of the signals between nodes.
	 * @param pollInterval Interval at which the table of signals is polled. Milliseconds
	 * without a unit.
	 * @param backstopInterval Interval at which the log is read regardless of signals, in
	 * case a signal was lost. Milliseconds without a unit.
	 */
	public record Cluster(@DefaultValue("postgres") Signal signal, @DefaultValue("250ms") Duration pollInterval,
			@DefaultValue("5s") Duration backstopInterval) {

		public Cluster {
			requireAtLeast("cluster.poll-interval", pollInterval, "10ms", "ms");
			requireAtLeast("cluster.backstop-interval", backstopInterval, "100ms", "s");
		}

	}

	/**
	 * Transport of the signals between nodes.
	 */
	public enum Signal {

		/**
		 * Postgres {@code NOTIFY}. Requires a dedicated connection and does not work
		 * through a pooler in transaction mode.
		 */
		POSTGRES,

		/**
		 * A table that each node polls. Works through a pooler in transaction mode.
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
	 * @param enabled Whether to answer user messages.
	 * @param systemPrompt System prompt for the model.
	 * @param historyMessages Number of messages of the conversation that are passed to
	 * the model.
	 * @param historyCharacters Total length of these messages in UTF-16 units. The oldest
	 * messages are omitted first; the message to answer is always included.
	 * @param firstPartTimeout Maximum time until the first text of a reply. Allow for
	 * models that reason first. Milliseconds without a unit.
	 * @param idleTimeout Maximum time between two parts of a reply. Parts without text
	 * count if the model's client exposes them. Milliseconds without a unit.
	 * @param maxDuration Maximum duration of a reply. Milliseconds without a unit.
	 * @param maxConcurrent Number of replies that may run concurrently on this node.
	 * @param maxWaiting Number of queued replies, on all nodes, before further messages
	 * of users with queued replies are rejected; at twice that number, the messages of
	 * all users are rejected.
	 * @param maxCharacters Length in UTF-16 units at which a reply is truncated.
	 * @param oneAtATime Whether a reply starts only after the replies to all earlier
	 * messages of its session have ended.
	 * @param lease Time after which another node takes over a reply whose lease was not
	 * renewed. Nodes renew leases after a third of that time. Milliseconds without a
	 * unit.
	 * @param takeover Treatment of a reply that is taken over.
	 * @param maxAttempts Number of attempts before a reply fails.
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
	 * Treatment of a reply whose node died or stopped.
	 */
	public enum Takeover {

		/**
		 * The reply is restarted.
		 */
		RESTART,

		/**
		 * The reply fails.
		 */
		FAIL

	}

	/**
	 * Graceful shutdown.
	 *
	 * @param timeout Maximum time to end replies, store events and close connections.
	 * Keep it below spring.lifecycle.timeout-per-shutdown-phase. Milliseconds without a
	 * unit.
	 * @param replyGrace Time that running replies have to complete; at most four fifths
	 * of the timeout. Milliseconds without a unit.
	 * @param reconnectWindow Period over which clients are asked to spread their
	 * reconnects. Milliseconds without a unit.
	 */
	public record Shutdown(@DefaultValue("20s") Duration timeout, @DefaultValue("10s") Duration replyGrace,
			@DefaultValue("5s") Duration reconnectWindow) {

		public Shutdown {
			requireAtLeast("shutdown.timeout", timeout, "1s", "s");
			Duration longest = timeout.multipliedBy(4).dividedBy(5);
			requireZeroOrAtLeast("shutdown.reply-grace", replyGrace, "50ms", "s");
			require(replyGrace.compareTo(longest) <= 0, "shutdown.reply-grace", replyGrace,
					"from zero to %s, four fifths of resumable-ws.shutdown.timeout, so that time remains to store the end of replies"
						.formatted(show(longest)));
			requireZeroOrAtLeast("shutdown.reconnect-window", reconnectWindow, "100ms", "s");
		}

	}

	/**
	 * The tables in Postgres.
	 *
	 * @param migrate Whether to create and update the tables at start-up.
	 * @param name Schema of the tables. When empty, the current schema of the database
	 * connection.
	 */
	public record Schema(@DefaultValue("true") boolean migrate, @DefaultValue("") String name) {

		public Schema {
			require(name.isEmpty() || name.matches("[a-z_][a-z0-9_]{0,62}"), "schema.name", name,
					"lower-case letters, digits and underscores, not starting with a digit, at most 63");
		}

	}

	/**
	 * Scheduled removal of expired data.
	 *
	 * @param enabled Whether to remove expired data.
	 * @param interval Time between two runs of the cleanup. Milliseconds without a unit.
	 * @param cron Cron expression that replaces the interval.
	 * @param sessionTtl Time after the last connection or event at which a session is
	 * removed with its events, at least 2 hours; zero for never. Milliseconds without a
	 * unit.
	 * @param closedSessionTtl Time after which a closed session is removed with its
	 * events; zero to treat it like an open one. Milliseconds without a unit.
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
						"a cron expression that matches a time in the future, such as '0 0 4 * * *'");
			}
			// a session records connections at most once an hour
			requireZeroOrAtLeast("cleanup.session-ttl", sessionTtl, "2h", "d");
			requireZeroOrAtLeast("cleanup.closed-session-ttl", closedSessionTtl, "1h", "d");
			requireZeroOrAtLeast("cleanup.event-ttl", eventTtl, "1h", "d");
			requireAtLeast("cleanup.idempotency-key-ttl", idempotencyKeyTtl, "1h", "d");
			requireAtLeast("cleanup.live-connection-ttl", liveConnectionTtl, "1s", "m");
			require(batchSize >= 1 && batchSize <= 100_000, "cleanup.batch-size", batchSize, "from 1 to 100000");
		}

	}

	/**
	 * The client script for browsers, served together with the fallback for blocked
	 * WebSockets and the script that counts unsent messages.
	 *
	 * @param enabled Whether to serve the client scripts.
	 * @param path Path of the client script. The other scripts are http.js and unsent.js
	 * in the same folder.
	 */
	public record Client(@DefaultValue("true") boolean enabled, @DefaultValue("/resumable-ws/client.js") String path) {

		public Client {
			require(isPath(path), "client.path", path,
					"a path such as /js/resumable-ws.js, of letters, digits, '/', '-', '_' and '.'");
			require(!path.endsWith("/http.js") && !path.endsWith("/unsent.js"), "client.path", path,
					"a path with another file name, which is not that of another client script");
		}

	}

	/**
	 * An upstream WebSocket, such as a realtime API. A message of type
	 * "relay.&lt;name&gt;" connects a session to it.
	 *
	 * @param uri URI of the upstream, with the scheme "ws" or "wss". Logged without its
	 * query.
	 * @param headers Headers of the handshake, such as "Authorization". Values are
	 * neither logged nor sent to clients.
	 * @param subprotocols Subprotocols to offer to the upstream.
	 * @param durableTypes Types of upstream messages to store, with "*" for any
	 * characters.
	 * @param ephemeralTypes Types of upstream messages that are never stored, even if a
	 * durable type matches. Types that match neither list are ephemeral.
	 * @param redelivery Treatment of messages that may have reached the upstream before,
	 * on a lost connection.
	 * @param connectTimeout Maximum time of an attempt to connect. Milliseconds without a
	 * unit.
	 * @param minBackOff Delay after the first failed attempt to connect, which doubles
	 * with each further attempt. Milliseconds without a unit.
	 * @param maxBackOff Maximum delay between two attempts to connect. Milliseconds
	 * without a unit.
	 * @param maxRefusals Number of attempts rejected with status 401 or 403 after which
	 * the relay is closed.
	 * @param giveUpAfter Time without a connection after which the relay is closed.
	 * Milliseconds without a unit.
	 * @param idleTimeout Time without a message in either direction after which the relay
	 * is closed. Milliseconds without a unit.
	 * @param maxMessageSize Maximum size of an upstream message. Bytes without a unit.
	 * @param maxWaitingSize Maximum size of the messages of a session that are queued for
	 * the upstream, before further ones are rejected; zero for no limit. Bytes without a
	 * unit.
	 * @param lease Time after which another node takes over a relay whose lease was not
	 * renewed. Milliseconds without a unit.
	 * @param maxPerUser Maximum number of open relays of a user, on all nodes, before
	 * messages that would open another one are rejected; zero for no limit.
	 * @param maxPerNode Maximum number of open relays on this node. Further ones run on
	 * other nodes, or wait.
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
		 * Returns the URI without its query. Headers may contain secrets and are omitted.
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
	 * Treatment of a message that may have reached the upstream before.
	 */
	public enum Redelivery {

		/**
		 * The message is sent again.
		 */
		RESEND,

		/**
		 * The message is skipped.
		 */
		SKIP

	}

	/**
	 * Returns whether a value is a path without patterns and characters that need
	 * escaping.
	 */
	private static boolean isPath(String value) {
		return PATH.matcher(value).matches();
	}

}
