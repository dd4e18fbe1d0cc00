package dev.resumablews.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.StreamSupport;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.ChaosProxy;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Application with the starter, behind a proxy that simulates network failures, with a
 * model whose answers the tests set. Tests in Node control it over HTTP: the path is the
 * command, the body contains its arguments.
 */
final class Starter implements AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private final String database = TestPostgres.createDatabase();

	private final OpenAiStub model = OpenAiStub.start();

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final Map<String, Function<JsonNode, Object>> commands = new LinkedHashMap<>();

	private final HttpServer control;

	private final ChaosProxy network;

	private TestServer server;

	private Gate gate = new Gate();

	private Starter() throws IOException {
		this.server = start();
		this.network = ChaosProxy.to(this.server.port());
		this.control = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.control.setExecutor(this.threads);
		this.control.createContext("/", this::handle);
		this.control.start();
		commands();
	}

	static Starter create() {
		try {
			return new Starter();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	String url() {
		return "ws://localhost:" + this.network.port() + "/ws";
	}

	String controlUrl() {
		return "http://localhost:" + this.control.getAddress().getPort() + "/";
	}

	@Override
	public void close() {
		this.control.stop(0);
		this.threads.shutdownNow();
		this.network.close();
		this.gate.open();
		this.server.close();
		this.model.close();
	}

	private TestServer start() {
		return TestServer.builder()
			.database(this.database)
			.model(this.model)
			.with(Votes.class)
			.with(Typing.class)
			.properties("resumable-ws.auth.jwt.clock-skew", "0s")
			.properties("resumable-ws.auth.token-sources", "header,subprotocol,cookie,query,message")
			.properties("resumable-ws.connection.heartbeat-interval", "1s")
			.properties("resumable-ws.connection.heartbeat-timeout", "5s")
			.properties("resumable-ws.connection.max-message-size", "8KB")
			.properties("resumable-ws.connection.max-per-session", "3")
			.properties("resumable-ws.reply.max-waiting", "1")
			.properties("resumable-ws.shutdown.timeout", "5s")
			.properties("resumable-ws.shutdown.reply-grace", "0s")
			.properties("resumable-ws.shutdown.reconnect-window", "300ms")
			.start();
	}

	private void commands() {
		command("token", (body) -> Tokens.expiring(body.path("user").asString(),
				Instant.now().plusSeconds(body.path("seconds").asInt(3600))));
		command("cut", (body) -> this.network.cutAll());
		run("cutRandomly", (body) -> this.network.cutRandomly(new Random(body.path("seed").asInt()),
				body.path("from").intValue(), body.path("to").intValue()));
		run("stopCutting", (body) -> this.network.stopCutting());
		run("stall", (body) -> this.network.stall());
		run("resume", (body) -> this.network.resume());
		run("refuse", (body) -> this.network.refuse());
		run("accept", (body) -> this.network.acceptAgain());
		run("delay", (body) -> this.network.delay(Duration.ofMillis(body.path("ms").intValue())));
		command("answer", this::answer);
		run("release", (body) -> this.gate.release(body.path("pieces").intValue()));
		run("open", (body) -> this.gate.open());
		run("publish", (body) -> sessions().publish(session(body), body.path("type").asString(), body.path("payload")));
		run("close", (body) -> sessions().close(session(body)));
		command("votes", (body) -> this.server.bean(Votes.class).count(session(body)));
		run("restart", (body) -> {
			this.network.refuse();
			this.server.close();
			this.server = start();
			this.network.retarget(this.server.port());
			this.network.acceptAgain();
		});
		run("moveToAnotherNode", (body) -> {
			TestServer old = this.server;
			this.server = start();
			this.network.retarget(this.server.port());
			old.close();
		});
	}

	private String answer(JsonNode body) {
		this.gate.open();
		this.gate = new Gate();
		List<String> pieces = StreamSupport.stream(body.path("pieces").spliterator(), false)
			.map(JsonNode::asString)
			.toList();
		OpenAiAnswer answer = OpenAiAnswer.of(pieces);
		if (body.has("pauseMs")) {
			answer = answer.pacedBy(Duration.ofMillis(body.path("pauseMs").intValue()));
		}
		if (body.path("gated").asBoolean(false)) {
			answer = answer.pacedBy(this.gate);
		}
		if (body.has("breakAfter")) {
			answer = answer.breakingAfter(body.path("breakAfter").intValue());
		}
		this.model.answer(answer);
		return answer.text();
	}

	private ResumableSessions sessions() {
		return this.server.bean(ResumableSessions.class);
	}

	private static UUID session(JsonNode body) {
		return UUID.fromString(body.path("session").asString());
	}

	private void run(String name, Consumer<JsonNode> command) {
		command(name, (body) -> {
			command.accept(body);
			return true;
		});
	}

	private void command(String name, Function<JsonNode, Object> command) {
		this.commands.put(name, command);
	}

	private void handle(HttpExchange exchange) throws IOException {
		try (exchange) {
			String name = exchange.getRequestURI().getPath().substring(1);
			String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
			int status = 200;
			String answer;
			try {
				JsonNode body = text.isEmpty() ? JsonNodeFactory.instance.objectNode() : JSON.readTree(text);
				Function<JsonNode, Object> command = this.commands.get(name);
				if (command == null) {
					throw new IllegalArgumentException(
							"Unknown command '" + name + "', known are " + this.commands.keySet());
				}
				answer = JSON.writeValueAsString(command.apply(body));
			}
			catch (RuntimeException ex) {
				status = 500;
				answer = ex.toString();
			}
			byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
			exchange.sendResponseHeaders(status, bytes.length);
			exchange.getResponseBody().write(bytes);
		}
	}

}
