package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A proxy in front of Postgres that parses its protocol. It records the statements and
 * injects faults: it delays a statement, loses it, loses its response, or terminates its
 * backend. As a proxy, unlike a data source, it covers every connection, no matter which
 * pool or driver call opened it. Safe for use by many threads.
 */
public final class FaultyPostgres implements AutoCloseable {

	private static final Pattern URL = Pattern.compile("(jdbc:postgresql://)([^:/]+):(\\d+)(/.*)");

	private final String directUrl;

	private final String host;

	private final int port;

	private final ServerSocket listener;

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "faulty-postgres");
		thread.setDaemon(true);
		return thread;
	});

	private final Set<PostgresLink> links = ConcurrentHashMap.newKeySet();

	private final Map<String, Integer> executions = new ConcurrentHashMap<>();

	private final Set<String> statements = ConcurrentHashMap.newKeySet();

	private final Map<Fault, Integer> faults = new ConcurrentHashMap<>();

	private volatile FaultPlan plan = FaultPlan.NONE;

	private FaultyPostgres(String directUrl, String host, int port, ServerSocket listener) {
		this.directUrl = directUrl;
		this.host = host;
		this.port = port;
		this.listener = listener;
	}

	/**
	 * Starts a proxy without faults.
	 * @param url the JDBC URL of the database, with the user and password of a superuser
	 * @return the proxy
	 */
	public static FaultyPostgres to(String url) {
		Matcher matcher = matcher(url);
		try {
			FaultyPostgres proxy = new FaultyPostgres(url, matcher.group(2), Integer.parseInt(matcher.group(3)),
					new ServerSocket(0, 1000, InetAddress.getLoopbackAddress()));
			proxy.threads.execute(proxy::accept);
			return proxy;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the JDBC URL of the database through this proxy.
	 * @return the URL, with user and password
	 */
	public String url() {
		return through(this.directUrl);
	}

	/**
	 * Returns the JDBC URL through this proxy of another database of the same server.
	 * @param url the JDBC URL of that database
	 * @return the URL, with user and password
	 */
	public String through(String url) {
		Matcher matcher = matcher(url);
		return matcher.group(1) + "localhost:" + this.listener.getLocalPort() + matcher.group(4);
	}

	/**
	 * Returns the JDBC URL of the database without this proxy.
	 * @return the URL, with user and password
	 */
	public String directUrl() {
		return this.directUrl;
	}

	/**
	 * Sets the plan of faults for requests from now on.
	 * @param plan the plan
	 */
	public void plan(FaultPlan plan) {
		this.plan = plan;
	}

	/**
	 * Returns how often each request was sent, by {@link PostgresRequest#key()}.
	 * @return the requests, sorted
	 */
	public Map<String, Integer> executions() {
		return new TreeMap<>(this.executions);
	}

	/**
	 * Returns all statements that were executed, including those that were sent together
	 * with another one.
	 * @return the statements, normalized by {@link PostgresRequest#normalize}
	 */
	public Set<String> statements() {
		return Set.copyOf(this.statements);
	}

	/**
	 * Returns how often each fault was injected.
	 * @return the number of injections for each fault
	 */
	public Map<Fault, Integer> faults() {
		return Map.copyOf(this.faults);
	}

	/**
	 * Resets all connections, on both sides.
	 */
	public void cutAll() {
		List.copyOf(this.links).forEach(PostgresLink::cut);
	}

	/**
	 * Stops the proxy and resets its connections.
	 */
	@Override
	public void close() {
		try {
			this.listener.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		cutAll();
		this.threads.shutdownNow();
	}

	void executes(String statement) {
		this.statements.add(statement);
	}

	Fault decide(PostgresRequest request) {
		this.executions.merge(request.key(), 1, Integer::sum);
		Fault fault = this.plan.decide(request);
		if (fault != Fault.NONE) {
			this.faults.merge(fault, 1, Integer::sum);
		}
		return fault;
	}

	/**
	 * Terminates a backend. This runs on another thread, because the calling thread still
	 * has to send the request that the termination interrupts.
	 */
	void kill(int pid) {
		this.threads.execute(() -> {
			try (Connection connection = DriverManager.getConnection(this.directUrl);
					PreparedStatement statement = connection.prepareStatement("select pg_terminate_backend(?)")) {
				statement.setInt(1, pid);
				statement.execute();
			}
			catch (SQLException ex) {
				// Postgres is being stopped, with its backends
			}
		});
	}

	void ended(PostgresLink link) {
		this.links.remove(link);
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket client = this.listener.accept();
				this.threads.execute(() -> open(client));
			}
			catch (IOException ex) {
				// closed
			}
		}
	}

	private void open(Socket client) {
		PostgresLink link = new PostgresLink(this, client);
		this.links.add(link);
		try {
			link.connect(this.host, this.port);
			this.threads.execute(link::responses);
			link.requests();
		}
		catch (IOException ex) {
			// Postgres is not running
			link.cut();
		}
	}

	private static Matcher matcher(String url) {
		Matcher matcher = URL.matcher(url);
		if (!matcher.matches()) {
			throw new IllegalArgumentException("Not a JDBC URL with host and port: " + url);
		}
		return matcher;
	}

}
