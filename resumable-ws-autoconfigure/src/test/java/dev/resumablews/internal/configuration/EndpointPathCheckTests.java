package dev.resumablews.internal.configuration;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.StartFailure;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import jakarta.servlet.http.HttpServlet;
import jakarta.websocket.server.ServerEndpoint;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

class EndpointPathCheckTests {

	private static String database;

	@BeforeAll
	static void createTables() {
		database = TestPostgres.createDatabase();
		TestServer.builder().database(database).start().close();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void aSecondHandlerOnAPathIsNamedAtStart(Class<?> application, String path, String property, String handler) {
		Throwable failure = catchThrowable(
				() -> TestServer.builder().database(database).with(application).start().close());
		FailureAnalysis analysis = StartFailure.analyze(failure);
		assertThat(analysis.getDescription()).contains("'" + path + "' of resumable-ws").contains(handler);
		assertThat(analysis.getAction()).contains("Set " + property + " to another path");
	}

	static Stream<Arguments> aSecondHandlerOnAPathIsNamedAtStart() {
		return Stream.of(Arguments.of(Stomp.class, "/ws", "resumable-ws.path", "SubProtocolWebSocketHandler"),
				Arguments.of(SockJs.class, "/ws", "resumable-ws.path", "stompWebSocketHandlerMapping"),
				Arguments.of(OtherWebSocket.class, "/ws", "resumable-ws.path", "EchoHandler"),
				Arguments.of(Controller.class, "/ws", "resumable-ws.path", "Controller#chat()"),
				Arguments.of(MessagesController.class, "/ws/messages", "resumable-ws.path",
						"MessagesController#send()"),
				Arguments.of(ScriptController.class, "/resumable-ws/client.js", "resumable-ws.client.path",
						"ScriptController#script()"),
				Arguments.of(Router.class, "/ws", "resumable-ws.path", "a RouterFunction"),
				Arguments.of(NestedRouter.class, "/ws/sse", "resumable-ws.path", "a RouterFunction"),
				Arguments.of(Servlet.class, "/ws", "resumable-ws.path", "the servlet of bean 'chatServlet'"),
				Arguments.of(Jakarta.class, "/ws", "resumable-ws.path", "the @ServerEndpoint of bean 'endpoint'"));
	}

	@Test
	void stompOnAnotherPathWorksTogetherWithTheEndpoint() throws Exception {
		try (TestServer server = TestServer.builder()
			.database(database)
			.properties("resumable-ws.path", "/chat")
			.with(Stomp.class)
			.with(CatchAll.class)
			.start()) {
			URI chat = URI.create("ws://localhost:" + server.port() + "/chat");
			try (ResumableWsTestClient client = ResumableWsTestClient.builder(chat)
				.tokens(Tokens.ISSUER)
				.user("alice")
				.connect()) {
				client.await("session_init");
			}
			server.context()
				.getBeansOfType(org.springframework.web.servlet.HandlerMapping.class)
				.forEach((n, m) -> System.out.println("HM " + n + " " + m.getClass().getSimpleName() + " "
						+ ((m instanceof org.springframework.core.Ordered o) ? o.getOrder() : "-")));
			BlockingQueue<String> received = new LinkedBlockingQueue<>();
			WebSocketSession stomp = new StandardWebSocketClient().execute(new TextWebSocketHandler() {

				@Override
				protected void handleTextMessage(WebSocketSession session, TextMessage message) {
					received.add(message.getPayload());
				}

			}, "ws://localhost:" + server.port() + "/ws").get(10, TimeUnit.SECONDS);
			stomp.sendMessage(new TextMessage("CONNECT\naccept-version:1.2\nhost:localhost\n\n\0"));
			assertThat(received.poll(10, TimeUnit.SECONDS)).startsWith("CONNECTED");
			stomp.close();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "resumable-ws.http.enabled", "resumable-ws.client.enabled" })
	void aDisabledPathIsAvailableToTheApplication(String property) {
		Class<?> application = property.contains("http") ? MessagesController.class : ScriptController.class;
		try (TestServer server = TestServer.builder()
			.database(database)
			.properties(property, "false")
			.with(application)
			.start()) {
			assertThat(server.isRunning()).isTrue();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebSocketMessageBroker
	static class Stomp implements WebSocketMessageBrokerConfigurer {

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.setOrder(Ordered.HIGHEST_PRECEDENCE);
			// Jetty is on the class path of the tests too, and Spring would use it as the
			// server
			registry.addEndpoint("/ws")
				.setHandshakeHandler(new DefaultHandshakeHandler(new StandardWebSocketUpgradeStrategy()));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebSocketMessageBroker
	static class SockJs implements WebSocketMessageBrokerConfigurer {

		@Override
		public void registerStompEndpoints(StompEndpointRegistry registry) {
			registry.addEndpoint("/ws").withSockJS();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebSocket
	static class OtherWebSocket implements WebSocketConfigurer {

		@Override
		public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
			registry.addHandler(new EchoHandler(), "/ws");
		}

	}

	static class EchoHandler extends TextWebSocketHandler {

		@Override
		protected void handleTextMessage(WebSocketSession session, TextMessage message) throws IOException {
			session.sendMessage(message);
		}

	}

	@RestController
	static class Controller {

		@GetMapping("/ws")
		String chat() {
			return "chat";
		}

	}

	@RestController
	static class CatchAll {

		@GetMapping("/**")
		String page() {
			return "page";
		}

	}

	@RestController
	static class MessagesController {

		@PostMapping("/ws/messages")
		void send() {
		}

	}

	@RestController
	static class ScriptController {

		@GetMapping("/resumable-ws/client.js")
		String script() {
			return "";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Router {

		@Bean
		RouterFunction<ServerResponse> chat() {
			return RouterFunctions.route().GET("/ws", (request) -> ServerResponse.ok().build()).build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NestedRouter {

		@Bean
		RouterFunction<ServerResponse> chat() {
			return RouterFunctions.route()
				.path("/ws", (builder) -> builder.GET("/sse", (request) -> ServerResponse.ok().build()))
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Servlet {

		@Bean
		ServletRegistrationBean<HttpServlet> chatServlet() {
			ServletRegistrationBean<HttpServlet> registration = new ServletRegistrationBean<>(new HttpServlet() {
			});
			registration.setUrlMappings(List.of("/ws/*"));
			return registration;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Jakarta {

		@Bean
		Endpoint endpoint() {
			return new Endpoint();
		}

	}

	@ServerEndpoint("/ws")
	public static class Endpoint {

	}

}
