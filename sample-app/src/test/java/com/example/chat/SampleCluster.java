package com.example.chat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.Tokens;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Processes of the packaged sample that share a database and a model.
 */
final class SampleCluster implements AutoCloseable {

	private final String database;

	private final OpenAiStub model = OpenAiStub.start();

	private final List<SampleProcess> nodes = new ArrayList<>();

	private final Path folder;

	private final String[] arguments;

	private SampleCluster(String database, Path folder, String... arguments) {
		this.database = database;
		this.folder = folder;
		this.arguments = Stream.concat(Stream.of("--spring.datasource.url=" + this.database,
				"--spring.ai.openai.base-url=" + this.model.baseUrl(),
				"--resumable-ws.auth.jwt.secret=" + Tokens.SECRET), Stream.of(arguments))
			.toArray(String[]::new);
	}

	/**
	 * Starts the nodes concurrently, and waits until they are available.
	 * @param database the database's JDBC URL
	 * @param folder the folder of the nodes' logs
	 * @param size the number of nodes
	 * @param arguments further command line arguments of each node
	 */
	static SampleCluster start(String database, Path folder, int size, String... arguments) {
		SampleCluster cluster = new SampleCluster(database, folder, arguments);
		try {
			for (int i = 0; i < size; i++) {
				cluster.nodes.add(cluster.launch());
			}
			cluster.nodes.forEach(SampleProcess::awaitStart);
			return cluster;
		}
		catch (RuntimeException | Error ex) {
			cluster.close();
			throw ex;
		}
	}

	OpenAiStub model() {
		return this.model;
	}

	/**
	 * Returns a node. Restarts it if it is not running.
	 */
	synchronized SampleProcess node(int index) {
		if (relaunch(index)) {
			this.nodes.get(index).awaitStart();
		}
		return this.nodes.get(index);
	}

	/**
	 * Restarts the nodes that are not running, and waits until they are available.
	 */
	synchronized void restoreNodes() {
		for (int i = 0; i < this.nodes.size(); i++) {
			relaunch(i);
		}
		this.nodes.forEach(SampleProcess::awaitStart);
	}

	private boolean relaunch(int index) {
		boolean ended = !this.nodes.get(index).isAlive();
		if (ended) {
			this.nodes.set(index, launch());
		}
		return ended;
	}

	private SampleProcess launch() {
		return SampleProcess.launch(this.folder, this.arguments);
	}

	/**
	 * Reads a session's log directly from the database.
	 * @return its events, in the form that clients receive
	 */
	List<JsonNode> log(String sessionId) {
		return query("""
				select json_build_object('event_id', id, 'type', type, 'payload', payload)::text
				from ws_events where session_id = '%s' order by id
				""".formatted(UUID.fromString(sessionId))).stream().map(JsonMapper.shared()::readTree).toList();
	}

	/**
	 * Returns the sessions that have events.
	 */
	List<String> sessions() {
		return query("select distinct session_id from ws_events");
	}

	/**
	 * Returns the number of replies that have not ended.
	 */
	int openReplies() {
		return count("select count(*) from ws_replies");
	}

	/**
	 * Returns the number of attempts at a reply that superseded another.
	 */
	int takeovers() {
		return count("""
				select count(*) from ws_events
				where type = 'assistant_started' and payload::jsonb ? 'supersedes'
				""");
	}

	private int count(String sql) {
		return Integer.parseInt(query(sql).get(0));
	}

	/**
	 * Returns the first column of each row.
	 */
	private List<String> query(String sql) {
		try (Connection connection = DriverManager.getConnection(this.database);
				ResultSet rows = connection.createStatement().executeQuery(sql)) {
			List<String> values = new ArrayList<>();
			while (rows.next()) {
				values.add(rows.getString(1));
			}
			return values;
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.model.close();
		this.nodes.forEach(SampleProcess::terminate);
		this.nodes.forEach(SampleProcess::close);
	}

}
