package com.example.chat;

import java.nio.file.Path;
import java.util.stream.Stream;

import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.Tokens;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The sample with its simulated model and a separate database, in the process of the
 * test.
 *
 * @param application the application
 * @param port the port of its web server
 */
record RunningSample(ConfigurableApplicationContext application, int port) implements AutoCloseable {

	/**
	 * Starts the sample.
	 * @param folder the folder of its data
	 * @param arguments further arguments
	 */
	static RunningSample start(Path folder, String... arguments) {
		String[] all = Stream
			.concat(Stream.of("--server.port=0", "--chat.data-dir=" + folder,
					"--spring.datasource.url=" + TestPostgres.createDatabase(),
					"--resumable-ws.auth.jwt.secret=" + Tokens.SECRET, "--spring.ai.openai.api-key=",
					"--OPENAI_API_KEY=", "--spring.ai.openai.base-url=", "--OPENAI_BASE_URL="), Stream.of(arguments))
			.toArray(String[]::new);
		ConfigurableApplicationContext application = SpringApplication.run(ChatApplication.class, all);
		return new RunningSample(application, ((WebServerApplicationContext) application).getWebServer().getPort());
	}

	@Override
	public void close() {
		this.application.close();
	}

}
