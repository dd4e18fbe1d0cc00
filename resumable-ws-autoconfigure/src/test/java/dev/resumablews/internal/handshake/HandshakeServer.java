package dev.resumablews.internal.handshake;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.server.servlet.context.AnnotationConfigServletWebServerApplicationContext;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.error.ErrorMvcAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

/**
 * An application on Tomcat or Jetty whose WebSocket endpoint answers with the attributes
 * of the handshake, and a client that sends raw requests.
 */
final class HandshakeServer implements AutoCloseable {

	static final List<String> UPGRADE = List.of("Connection: keep-alive, Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");

	private static final String TOKEN_SOURCES = "resumable-ws.auth.token-sources=";

	private final AnnotationConfigServletWebServerApplicationContext context;

	private HandshakeServer(AnnotationConfigServletWebServerApplicationContext context) {
		this.context = context;
	}

	static HandshakeServer start(List<Class<?>> configurations, String... properties) {
		return start(Tomcat.class, configurations, properties);
	}

	static HandshakeServer start(Class<?> container, List<Class<?>> configurations, String... properties) {
		List<Class<?>> sources = new ArrayList<>(configurations);
		sources.add(Application.class);
		sources.add(container);
		List<String> arguments = new ArrayList<>(List.of("--server.port=0"));
		if (Stream.of(properties).noneMatch((property) -> property.startsWith(TOKEN_SOURCES))) {
			arguments.add("--" + TOKEN_SOURCES + "header,subprotocol,cookie,query");
		}
		Stream.of(properties).map((property) -> "--" + property).forEach(arguments::add);
		return new HandshakeServer((AnnotationConfigServletWebServerApplicationContext) new SpringApplicationBuilder(
				sources.toArray(Class<?>[]::new))
			.bannerMode(Banner.Mode.OFF)
			.contextFactory((type) -> new AnnotationConfigServletWebServerApplicationContext())
			.registerShutdownHook(false)
			.run(arguments.toArray(String[]::new)));
	}

	static HandshakeServer start(String... properties) {
		return start(List.of(), properties);
	}

	static HandshakeServer startWithSecret(String... properties) {
		List<String> all = new ArrayList<>(List.of(properties));
		all.add("resumable-ws.auth.jwt.secret=" + TestTokens.SECRET);
		return start(all.toArray(String[]::new));
	}

	ApplicationContext context() {
		return this.context;
	}

	int port() {
		return this.context.getWebServer().getPort();
	}

	/**
	 * Sends a handshake.
	 * @param query the query string
	 * @param headers additional headers
	 * @return the answer
	 */
	Answer connect(String query, String... headers) {
		List<String> all = new ArrayList<>(UPGRADE);
		all.addAll(List.of(headers));
		return send("GET", "/ws" + (query.isEmpty() ? "" : "?" + query), all);
	}

	Answer send(String method, String target, List<String> headers) {
		try (Socket socket = new Socket("localhost", port())) {
			socket.setSoTimeout(20_000);
			StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
			if (headers.stream().noneMatch((header) -> header.startsWith("Host:"))) {
				request.append("Host: localhost:").append(port()).append("\r\n");
			}
			headers.forEach((header) -> request.append(header).append("\r\n"));
			socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
			return Answer.read(new DataInputStream(socket.getInputStream()));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		this.context.close();
	}

	/**
	 * A response of the server.
	 *
	 * @param status the status
	 * @param headers the headers; the case of names is ignored
	 * @param body the body, or the first message of a WebSocket
	 */
	record Answer(int status, Map<String, String> headers, String body) {

		private static Answer read(DataInputStream in) throws IOException {
			int status = Integer.parseInt(line(in).split(" ")[1]);
			Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
			for (String line = line(in); !line.isEmpty(); line = line(in)) {
				int colon = line.indexOf(':');
				headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
			}
			int length = Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
			if (status == 101) {
				in.readByte();
				length = in.readByte();
			}
			return new Answer(status, headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
		}

		private static String line(DataInputStream in) throws IOException {
			StringBuilder line = new StringBuilder();
			for (int next = in.read(); next != '\n'; next = in.read()) {
				if (next == -1) {
					throw new IOException("The server closed the connection after '" + line + "'");
				}
				line.append((char) next);
			}
			return line.toString().strip();
		}

		@Nullable String header(String name) {
			return this.headers.get(name);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebSocket
	@ImportAutoConfiguration({ DispatcherServletAutoConfiguration.class, WebMvcAutoConfiguration.class,
			ErrorMvcAutoConfiguration.class, ListenerAutoConfiguration.class, HandshakeAutoConfiguration.class })
	@RestController
	static class Application implements WebSocketConfigurer {

		private final HandshakeInterceptor gate;

		private final String path;

		Application(@Qualifier("resumableWsHandshakeInterceptor") HandshakeInterceptor gate,
				@Value("${resumable-ws.path:/ws}") String path) {
			this.gate = gate;
			this.path = path;
		}

		@Override
		public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
			// Jetty is on the class path too, and Spring would use it as the server
			DefaultHandshakeHandler handshakeHandler = new DefaultHandshakeHandler(
					new StandardWebSocketUpgradeStrategy());
			handshakeHandler.setSupportedProtocols(Handshake.SUBPROTOCOL);
			registry.addHandler(new SendHandshake(), this.path)
				.setAllowedOriginPatterns("*")
				.setHandshakeHandler(handshakeHandler)
				.addInterceptors(this.gate);
		}

		@GetMapping("/other")
		String other() {
			return "other";
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(TomcatServletWebServerAutoConfiguration.class)
	static class Tomcat {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(JettyServletWebServerAutoConfiguration.class)
	static class Jetty {

	}

	private static final class SendHandshake extends TextWebSocketHandler {

		@Override
		public void afterConnectionEstablished(WebSocketSession session) throws Exception {
			Handshake handshake = (Handshake) session.getAttributes().get(Handshake.ATTRIBUTE);
			session.sendMessage(new TextMessage("%s %s %d %s".formatted(handshake.user().userId(),
					handshake.sessionId(), handshake.lastEventId(), handshake.ndjson())));
		}

	}

}
