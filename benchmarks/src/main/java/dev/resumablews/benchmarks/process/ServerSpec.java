package dev.resumablews.benchmarks.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Specification of a server. Immutable; each method returns a changed copy. Equal
 * specifications share one process.
 *
 * @param kind kind of server
 * @param jetty whether it runs on Jetty instead of Tomcat
 * @param node number of the process among those that share a database
 * @param database name of its database, which no other kind of server uses
 * @param properties properties that differ from the defaults, as command line arguments
 * @param options options of the JVM
 */
public record ServerSpec(Kind kind, boolean jetty, int node, String database, List<String> properties,
		List<String> options) {

	/**
	 * Options of each JVM.
	 */
	public static final List<String> OPTIONS = List.of("-Xmx2g");

	public ServerSpec {
		properties = List.copyOf(properties);
		options = List.copyOf(options);
	}

	/**
	 * Kind of server.
	 */
	public enum Kind {

		/**
		 * This library.
		 */
		OURS("ours"),

		/**
		 * This library, with Spring AI's chat client and a process that implements
		 * OpenAI's API.
		 */
		OURS_SPRING_AI("ours", true),

		/**
		 * Socket.IO with connection state recovery, in memory.
		 */
		SOCKETIO(""),

		/**
		 * One insert for each event; deltas are forwarded and not stored.
		 */
		RECIPE("recipe"),

		/**
		 * One insert for each event, including deltas.
		 */
		RECIPE_DURABLE("recipe-durable"),

		/**
		 * A Spring handler without a log.
		 */
		BARE("bare"),

		/**
		 * A Spring handler without a log, with Spring AI's chat client.
		 */
		BARE_SPRING_AI("bare", true);

		private final String profile;

		private final boolean callsModel;

		Kind(String profile) {
			this(profile, false);
		}

		Kind(String profile, boolean callsModel) {
			this.profile = profile;
			this.callsModel = callsModel;
		}

		String profile() {
			return this.profile;
		}

		/**
		 * Returns whether Spring AI calls the simulated model.
		 */
		public boolean callsModel() {
			return this.callsModel;
		}

		/**
		 * Returns whether the server uses this library.
		 * @return whether it does
		 */
		public boolean isOurs() {
			return this.profile.equals("ours");
		}

		/**
		 * Returns the name of its variant in the tables.
		 * @return the name
		 */
		public String variant() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

	}

	/**
	 * Returns a server with default settings.
	 * @param kind kind of server
	 * @return the server
	 */
	public static ServerSpec of(Kind kind) {
		return new ServerSpec(kind, false, 0, "bench_" + kind.name().toLowerCase(Locale.ROOT), List.of(), OPTIONS);
	}

	/**
	 * Sets properties if the server uses this library.
	 * @param properties the properties, such as {@code resumable-ws.path=/ws}
	 * @return the changed server
	 */
	public ServerSpec ours(String... properties) {
		return this.kind.isOurs() ? with(properties) : this;
	}

	/**
	 * Sets properties.
	 * @param properties the properties
	 * @return the changed server
	 */
	public ServerSpec with(String... properties) {
		List<String> all = new ArrayList<>(this.properties);
		all.addAll(List.of(properties));
		return new ServerSpec(this.kind, this.jetty, this.node, this.database, all, this.options);
	}

	/**
	 * Sets a port that the server keeps when it is restarted. It is below Linux's range
	 * of ephemeral ports, so that no client occupies it during the restart.
	 * @return the changed server
	 */
	public ServerSpec onFixedPort() {
		for (int port = ThreadLocalRandom.current().nextInt(20_000, 25_000); port < 32_768; port++) {
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
				return with("server.port=" + socket.getLocalPort());
			}
			catch (IOException ex) {
				// the port is in use
			}
		}
		throw new IllegalStateException("No port is free");
	}

	/**
	 * Adds JVM options.
	 * @param options the options
	 * @return the changed server
	 */
	public ServerSpec jvm(String... options) {
		List<String> all = new ArrayList<>(this.options);
		all.addAll(List.of(options));
		return new ServerSpec(this.kind, this.jetty, this.node, this.database, this.properties, all);
	}

	/**
	 * Runs it on Jetty.
	 * @return the changed server
	 */
	public ServerSpec onJetty() {
		return new ServerSpec(this.kind, true, this.node, this.database, this.properties, this.options);
	}

	/**
	 * Sets the number of the process, for another process on the same database.
	 * @param node number of the process
	 * @return the changed server
	 */
	public ServerSpec node(int node) {
		return new ServerSpec(this.kind, this.jetty, node, this.database, this.properties, this.options);
	}

	/**
	 * Sets another database.
	 * @param suffix suffix of the database's name
	 * @return the changed server
	 */
	public ServerSpec database(String suffix) {
		return new ServerSpec(this.kind, this.jetty, this.node, this.database + "_" + suffix, this.properties,
				this.options);
	}

}
