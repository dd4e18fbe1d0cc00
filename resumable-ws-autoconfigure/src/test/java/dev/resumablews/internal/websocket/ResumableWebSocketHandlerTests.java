package dev.resumablews.internal.websocket;

import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.testing.LoggedTokens;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketSession;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class ResumableWebSocketHandlerTests {

	private final List<CloseStatus> closes = new ArrayList<>();

	/**
	 * Spring logs an exception of the handler together with the session, and therefore
	 * with its URI.
	 */
	@Test
	void aFailureWhileAConnectionIsOpenedIsLoggedWithoutItsUri(CapturedOutput output) {
		new ResumableWebSocketHandler(null, null).afterConnectionEstablished(session());
		assertThat(this.closes).containsExactly(CloseStatus.SERVER_ERROR);
		assertThat(output).contains("Failed to open WebSocket 7").doesNotContain("token=");
		LoggedTokens.assertNone();
	}

	/**
	 * Returns a session without a handshake, which cannot be opened.
	 */
	private WebSocketSession session() {
		URI uri = URI.create("ws://localhost/ws?token=" + Tokens.forUser("ada"));
		Map<String, Object> attributes = new HashMap<>();
		return (WebSocketSession) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { WebSocketSession.class }, (proxy, method, arguments) -> switch (method.getName()) {
					case "getId" -> "7";
					case "getUri" -> uri;
					case "getAttributes" -> attributes;
					case "toString" -> "session of " + uri;
					case "close" -> this.closes.add((CloseStatus) arguments[0]) ? null : null;
					default -> throw new UnsupportedOperationException(method.getName());
				});
	}

}
