package com.example.docs;

import java.util.Map;
import java.util.UUID;

import javax.sql.DataSource;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.scheduling.annotation.EnableAsync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * The recipes of the documentation do what they say.
 */
@TestInstance(Lifecycle.PER_CLASS)
class RecipesTests {

	private TestServer server;

	@BeforeAll
	void start() {
		this.server = TestServer.builder().with(Recipes.class).start();
		JdbcClient jdbc = this.server.bean(JdbcClient.class);
		jdbc.sql("create table invoices (id bigint, customer text, paid boolean)").update();
		jdbc.sql("insert into invoices values (7, 'ada', false)").update();
		jdbc.sql("create table approvals (id uuid, session_id uuid, approver text, action text, approved boolean)")
			.update();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void aPaidInvoiceIsAnEventOnAllDevices() {
		try (ResumableWsTestClient phone = connect("ada"); ResumableWsTestClient laptop = connect("ada")) {
			this.server.bean(Invoices.class).paid(7);
			assertThat(phone.await("invoice_paid").json().path("payload").path("invoice").asInt()).isEqualTo(7);
			assertThat(laptop.await("invoice_paid").json().path("payload").path("invoice").asInt()).isEqualTo(7);
		}
	}

	@Test
	void anInvoiceThatDoesNotExistIsNoEvent() {
		try (ResumableWsTestClient client = connect("eve")) {
			assertThatThrownBy(() -> this.server.bean(Invoices.class).paid(8)).isInstanceOf(RuntimeException.class);
			this.server.bean(ResumableSessions.class).publishToUser("eve", "next", Map.of());
			assertThat(client.awaitEvent("next").eventId()).isEqualTo(1);
		}
	}

	@Test
	void anExportThatIsRequestedTwiceRunsOnce() {
		try (ResumableWsTestClient client = connect("bob")) {
			Map<String, ?> request = message("export", Map.of("pages", 3));
			client.sendOnce(request);
			assertThat(client.await("export_progress").json().path("ephemeral").asBoolean()).isTrue();
			assertThat(client.awaitEvent("export_finished").eventId()).isEqualTo(1);
			client.sendOnce(request);
			assertThat(client.await(ServerFrame.class, (message) -> message.json().path("duplicate").asBoolean())
				.json()
				.path("type")
				.asString()).isEqualTo("ack");
			assertThat(client.frames().stream().filter((each) -> each.type().equals("export_finished"))).hasSize(1);
		}
	}

	@Test
	void anApprovalIsDecidedOnceAndByTheApproverOnly() {
		try (ResumableWsTestClient requester = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user("carl")
			.connect();
				ResumableWsTestClient approver = connect("dora");
				ResumableWsTestClient other = connect("carl")) {
			UUID session = requester.sessionId();
			this.server.bean(Approvals.class).request(session, "dora", "Refund order 7");
			String id = approver.await("approval_requested").json().path("payload").path("id").asString();
			other.sendOnce(message("decide", Map.of("id", id, "approved", true)));
			assertThat(other.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
			approver.sendOnce(message("decide", Map.of("id", id, "approved", true)));
			assertThat(requester.await("approval_decided").json().path("payload").path("approved").asBoolean())
				.isTrue();
			approver.sendOnce(message("decide", Map.of("id", id, "approved", false)));
			assertThat(approver.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
		}
	}

	@Test
	void someoneWhoTypesIsShownToTheOtherDevicesOfTheSession() {
		try (ResumableWsTestClient one = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user("fay")
			.connect()) {
			UUID session = one.sessionId();
			one.await("replay_complete");
			try (ResumableWsTestClient another = ResumableWsTestClient.builder(this.server.uri())
				.tokens(Tokens.ISSUER)
				.user("fay")
				.session(session)
				.connect()) {
				another.await("replay_complete");
				one.sendOnce(Map.of("type", "typing", "ephemeral", true));
				assertThat(another.await("typing").json().path("payload").path("by").asString()).isEqualTo("fay");
			}
		}
	}

	@Test
	void aUserWithAConnectionIsOnline() {
		OnlineController controller = this.server.bean(OnlineController.class);
		assertThat(controller.online("gus")).isFalse();
		try (ResumableWsTestClient client = connect("gus")) {
			await().until(() -> controller.online("gus"));
			assertThat(client.isConnected()).isTrue();
		}
	}

	@Test
	void aMessageOfAPlainHandlerIsAMessageWithAType() {
		try (ResumableWsTestClient client = connect("hal")) {
			client.sendOnce(message("vote", Map.of("option", "tea")));
			assertThat(client.await("vote_counted").json().path("payload").path("option").asString()).isEqualTo("tea");
		}
	}

	@Test
	void theTablesAreInTheDatabaseThatIsMarked() {
		String chat = TestPostgres.createDatabase();
		try (TestServer application = TestServer.builder()
			.with(ChatDatabase.class)
			.properties("app.chat-database.jdbc-url", chat)
			.start()) {
			assertThat(tables(application.bean(DataSource.class))).isZero();
			assertThat(tables(new DriverManagerDataSource(chat))).isEqualTo(1);
		}
	}

	private static long tables(DataSource database) {
		return JdbcClient.create(database)
			.sql("select count(*) from pg_tables where tablename = 'ws_events'")
			.query(Long.class)
			.single();
	}

	private ResumableWsTestClient connect(String user) {
		ResumableWsTestClient client = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.connect();
		client.await("replay_complete");
		return client;
	}

	private static Map<String, ?> message(String type, Map<String, ?> payload) {
		return Map.of("type", type, "payload", payload, "idempotency_key", UUID.randomUUID());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAsync
	@Import({ Invoices.class, Exports.class, Approvals.class, Typing.class, OnlineController.class, Poll.class })
	static class Recipes {

	}

}
