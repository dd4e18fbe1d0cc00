package dev.resumablews.internal.cluster;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.node.Bell;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * That a node which is alone sends no ephemeral events to others.
 */
@NotUnderFaults("the heartbeat that finds no other node may be lost")
class LonelyNodeTests {

	@Test
	void ephemeralEventsAreSentToOtherNodesOnceOneIsHeard() {
		try (TestServer server = TestServer.builder().with(Recording.class).start();
				WsTestClient client = WsTestClient.to(server.uri()).query("token", Tokens.forUser("alice")).connect()) {
			ResumableSessions sessions = server.bean(ResumableSessions.class);
			Wire wire = server.bean(Wire.class);
			UUID session = TwoNodes.session(client);
			await().until(() -> !server.bean(OtherNodes.class).mayBePresent());
			sessions.sendEphemeral(session, "typing", Map.of());
			client.await("typing");
			sessions.publish(session, "tick", Map.of());
			await().until(() -> wire.texts.stream().anyMatch((text) -> text.startsWith("n ")));
			assertThat(wire.texts).noneMatch((text) -> text.startsWith("e "));
			wire.hear();
			sessions.sendEphemeral(session, "typing", Map.of());
			await().until(() -> wire.texts.stream().anyMatch((text) -> text.startsWith("e ")));
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Recording {

		@Bean
		Wire wire() {
			return new Wire();
		}

	}

	static final class Wire implements ClusterSignal {

		private final List<String> texts = new CopyOnWriteArrayList<>();

		private volatile @Nullable Receiver receiver;

		@Override
		public void start(Receiver receiver) {
			this.receiver = receiver;
		}

		@Override
		public void send(List<String> texts) {
			this.texts.addAll(texts);
		}

		@Override
		public void close() {
			this.receiver = null;
		}

		void hear() {
			Receiver receiver = this.receiver;
			assertThat(receiver).isNotNull();
			SignalCodec.write(UUID.randomUUID(), List.of(), List.of(), Set.of(Bell.REPLIES))
				.forEach(receiver::received);
		}

	}

}
