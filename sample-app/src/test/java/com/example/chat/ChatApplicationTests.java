package com.example.chat;

import java.nio.file.Path;

import jakarta.servlet.ServletContext;
import jakarta.websocket.server.ServerContainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

class ChatApplicationTests {

	@Test
	void itStartsWithoutAnythingConfiguredAndLeavesNothingRunning(@TempDir Path folder) {
		try (ConfigurableApplicationContext context = SpringApplication.run(ChatApplication.class, "--server.port=0",
				"--chat.data-dir=" + folder, "--spring.ai.openai.api-key=", "--OPENAI_API_KEY=",
				"--spring.ai.openai.base-url=", "--OPENAI_BASE_URL=")) {
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

}
