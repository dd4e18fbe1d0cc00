package dev.resumablews.internal.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;

import dev.resumablews.testing.FreePorts;
import redis.embedded.RedisServer;

/**
 * A separate Redis server for a test.
 */
final class TestRedis implements AutoCloseable {

	private final int port;

	private final RedisServer server;

	private TestRedis(int port, RedisServer server) {
		this.port = port;
		this.server = server;
	}

	static TestRedis start() {
		return start(FreePorts.next());
	}

	static TestRedis start(int port) {
		try {
			RedisServer server = RedisServer.newRedisServer()
				.port(port)
				.bind("127.0.0.1")
				.setting("save \"\"")
				.setting("appendonly no")
				.build();
			server.start();
			return new TestRedis(port, server);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	int port() {
		return this.port;
	}

	String[] properties(String... more) {
		String[] properties = new String[6 + more.length];
		System.arraycopy(new String[] { "spring.data.redis.host", "127.0.0.1", "spring.data.redis.port",
				String.valueOf(this.port), "resumable-ws.cluster.signal", "redis" }, 0, properties, 0, 6);
		System.arraycopy(more, 0, properties, 6, more.length);
		return properties;
	}

	@Override
	public void close() {
		try {
			this.server.stop();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
