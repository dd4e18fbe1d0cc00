package dev.resumablews.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import jakarta.servlet.ServletContext;
import jakarta.websocket.CloseReason;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.websocket.server.WsSci;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

/**
 * A WebSocket endpoint at {@code /ws} on a bare Tomcat, for tests of the test clients.
 */
final class WsTestServer implements AutoCloseable {

	private final Tomcat tomcat = new Tomcat();

	private final Path directory;

	private final Opened opened;

	private final BiConsumer<Session, String> received;

	WsTestServer(Opened opened, BiConsumer<Session, String> received) throws IOException, LifecycleException {
		this.opened = opened;
		this.received = received;
		this.directory = Files.createTempDirectory("ws-test-server");
		this.tomcat.setBaseDir(this.directory.toString());
		this.tomcat.setPort(0);
		StandardContext context = (StandardContext) this.tomcat.addContext("", null);
		context.setClearReferencesRmiTargets(false);
		context.setClearReferencesThreadLocals(false);
		context.addServletContainerInitializer(new WsSci(), null);
		Tomcat.addServlet(context, "default", new DefaultServlet());
		context.addServletMapping("/", "default");
		context.addServletContainerInitializer((classes, servletContext) -> deploy(servletContext), null);
		this.tomcat.getConnector();
		this.tomcat.start();
	}

	int port() {
		return this.tomcat.getConnector().getLocalPort();
	}

	static void send(Session session, String text) {
		try {
			session.getBasicRemote().sendText(text);
		}
		catch (IOException | IllegalStateException ex) {
			// the client has disconnected
		}
	}

	static void end(Session session, int code, String reason) {
		try {
			session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(code), reason));
		}
		catch (IOException ex) {
			// the test has ended
		}
	}

	@Override
	public void close() throws LifecycleException, IOException {
		this.tomcat.stop();
		this.tomcat.destroy();
		FileSystemUtils.deleteRecursively(this.directory);
	}

	private void deploy(ServletContext context) {
		ServerContainer container = (ServerContainer) context.getAttribute(ServerContainer.class.getName());
		try {
			container.addEndpoint(ServerEndpointConfig.Builder.create(ScriptedEndpoint.class, "/ws")
				.configurator(new ServerEndpointConfig.Configurator() {

					@Override
					public <T> T getEndpointInstance(Class<T> type) {
						return type.cast(new ScriptedEndpoint());
					}

				})
				.build());
		}
		catch (DeploymentException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Callback for a new connection.
	 */
	interface Opened {

		void accept(Session session, Map<String, List<String>> query) throws IOException;

	}

	private final class ScriptedEndpoint extends Endpoint {

		@Override
		public void onOpen(Session session, @Nullable EndpointConfig config) {
			session.addMessageHandler(new MessageHandler.Whole<String>() {

				@Override
				public void onMessage(String message) {
					WsTestServer.this.received.accept(session, message);
				}

			});
			try {
				WsTestServer.this.opened.accept(session, session.getRequestParameterMap());
			}
			catch (IOException ex) {
				// the test has ended
			}
		}

	}

}
