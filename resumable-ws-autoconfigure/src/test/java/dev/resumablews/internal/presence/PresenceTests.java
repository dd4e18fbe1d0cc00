package dev.resumablews.internal.presence;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.internal.presence.ConnectionTable.LiveConnection;
import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.JdbcTemplate;

import static org.assertj.core.api.Assertions.assertThat;

class PresenceTests {

	private final HikariDataSource pool = TestPostgres.pool(TestPostgres.createDatabase());

	private final JdbcTemplate jdbc = new JdbcTemplate(this.pool);

	private final NodeId node = new NodeId(UUID.randomUUID());

	private final List<LiveConnection> open = new CopyOnWriteArrayList<>();

	private final ConnectionTable table = new ConnectionTable(
			new JdbcExecutor(this.pool, new SchemaName(""), Duration.ofSeconds(10)), this.node, Duration.ofMinutes(1));

	/**
	 * Without a heartbeat interval, each write updates the row of the node.
	 */
	private final Presence presence = new Presence(this.table,
			new RemoteConnections(this.table, NodeNotifier.none(), new OtherNodes()), () -> this.open, (surplus) -> {
			}, Duration.ZERO, 32);

	@BeforeEach
	void start() {
		TestPostgres.createTables(this.pool);
		this.presence.start();
	}

	@AfterEach
	void closePool() {
		this.pool.close();
	}

	@Test
	void aHeartbeatUpdatesOnlyTheRowOfTheNode() {
		open("ann");
		open("bob");
		this.presence.write();
		List<String> versions = versions();
		List<String> nodes = this.jdbc.queryForList("select xmin::text from ws_connected_nodes", String.class);
		this.presence.write();
		assertThat(versions()).hasSize(2).isEqualTo(versions);
		assertThat(this.jdbc.queryForList("select xmin::text from ws_connected_nodes", String.class)).hasSize(1)
			.isNotEqualTo(nodes);
		close("ann");
		this.presence.write();
		assertThat(users()).containsExactly("bob");
	}

	@Test
	void rowsThatPostgresLostAreWrittenAgain() {
		open("ann");
		open("bob");
		this.presence.write();
		this.jdbc.execute("truncate ws_live_connections, ws_connected_nodes");
		this.presence.write();
		assertThat(users()).containsExactly("ann", "bob");
	}

	@Test
	void failedWritesAreRepeated() {
		open("ann");
		this.presence.write();
		this.jdbc.execute("alter table ws_live_connections rename to away");
		close("ann");
		open("bob");
		this.presence.write();
		this.jdbc.execute("alter table away rename to ws_live_connections");
		this.presence.write();
		assertThat(users()).containsExactly("bob");
	}

	@Test
	void rowsThatAStopCouldNotRemoveAreRemovedAfterTheNextStart() {
		open("ann");
		this.presence.write();
		this.jdbc.execute("alter table ws_live_connections rename to away");
		this.open.clear();
		this.presence.stop();
		this.jdbc.execute("alter table away rename to ws_live_connections");
		this.presence.start();
		open("bob");
		this.presence.write();
		assertThat(users()).containsExactly("bob");
	}

	private void open(String user) {
		LiveConnection connection = new LiveConnection(UUID.randomUUID(), UUID.randomUUID(), user, System.nanoTime());
		this.open.add(connection);
		this.presence.opened(connection);
	}

	private void close(String user) {
		this.open.stream().filter((each) -> each.userId().equals(user)).forEach((connection) -> {
			this.open.remove(connection);
			this.presence.closed(connection);
		});
	}

	private List<String> versions() {
		return this.jdbc.queryForList("select xmin::text || ctid::text from ws_live_connections order by 1",
				String.class);
	}

	private List<String> users() {
		return this.jdbc.queryForList("select user_id from ws_live_connections order by 1", String.class);
	}

}
