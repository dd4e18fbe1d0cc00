package com.example.chat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import jakarta.servlet.ServletContext;
import jakarta.websocket.server.ServerContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

@ExtendWith(OutputCaptureExtension.class)
class ChatApplicationTests {

	private static final String[] NO_MODEL = { "--spring.ai.openai.api-key=", "--OPENAI_API_KEY=",
			"--spring.ai.openai.base-url=", "--OPENAI_BASE_URL=" };

	@Test
	void theSampleStartsWithoutConfigurationAndStopsItsPostgres(@TempDir Path folder) {
		try (ConfigurableApplicationContext context = start(folder)) {
			assertThat(context.getBean(ChatModel.class)).isInstanceOf(OfflineChatModel.class);
			assertThat(context.getBean(ServletContext.class).getAttribute(ServerContainer.class.getName()))
				.asInstanceOf(type(ServerContainer.class))
				.satisfies((container) -> {
					assertThat(container.getDefaultMaxTextMessageBufferSize()).isEqualTo(1024);
					assertThat(container.getDefaultMaxBinaryMessageBufferSize()).isEqualTo(1024);
				});
		}
		assertThat(folder.resolve("postgres")).isDirectory();
		assertThat(folder.resolve("postgres/postmaster.pid")).doesNotExist();
	}

	@Test
	void neitherTheFirstNorTheSecondStartLogsAWarning(@TempDir Path folder, CapturedOutput output) {
		start(folder).close();
		start(folder).close();
		assertThat(output.toString().lines().filter((line) -> line.matches(".* Started \\w+ in .*"))).hasSize(2);
		assertThat(output.toString().lines().filter((line) -> line.matches(".* (WARN|ERROR) .*"))).isEmpty();
	}

	@Test
	void aFailedStartStopsItsPostgres(@TempDir Path folder) {
		assertThatException().isThrownBy(() -> start(folder, "--server.port=wrong"));
		assertThat(folder.resolve("postgres/postmaster.pid")).doesNotExist();
	}

	@Test
	void theJarContainsPostgresForOnePlatform() throws Exception {
		assertThat(new PathMatchingResourcePatternResolver().getResources("classpath*:postgres-*.txz")).hasSize(1);
	}

	private static ConfigurableApplicationContext start(Path folder, String... arguments) {
		List<String> all = new ArrayList<>(
				List.of("--server.port=0", "--chat.slow-port=0", "--chat.data-dir=" + folder));
		all.addAll(List.of(NO_MODEL));
		all.addAll(List.of(arguments));
		return SpringApplication.run(ChatApplication.class, all.toArray(String[]::new));
	}

}
