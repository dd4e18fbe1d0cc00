package dev.resumablews.internal.cluster;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that a node without other nodes sends no ephemeral events to the cluster.
 */
@NotUnderFaults("the heartbeat that finds no other node may be lost")
class LonelyNodeTests {

	@Test
	void ephemeralEventsAreSentToTheClusterOnceAnotherNodeIsFound() {
		try (TestServer server = TestServer.builder().with(Recording.class).start();
				ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
					.tokens(Tokens.ISSUER)
					.user("alice")
					.connect()) {
			ResumableSessions sessions = server.bean(ResumableSessions.class);
			RecordedSignal wire = server.bean(RecordedSignal.class);
			UUID session = TwoNodes.session(client);
			await().until(() -> !server.bean(OtherNodes.class).mayBePresent());
			sessions.sendEphemeral(session, "typing", Map.of());
			client.await("typing");
			sessions.publish(session, "tick", Map.of());
			await().until(() -> wire.texts().stream().anyMatch((text) -> text.startsWith("n ")));
			assertThat(wire.texts()).noneMatch((text) -> text.startsWith("e "));
			wire.receiveNotification(UUID.randomUUID());
			sessions.sendEphemeral(session, "typing", Map.of());
			await().until(() -> wire.texts().stream().anyMatch((text) -> text.startsWith("e ")));
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Recording {

		@Bean
		@Primary
		RecordedSignal wire() {
			return new RecordedSignal();
		}

	}

}
