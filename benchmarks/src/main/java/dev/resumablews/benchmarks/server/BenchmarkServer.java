package dev.resumablews.benchmarks.server;

import dev.resumablews.benchmarks.wire.StandardInput;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;

/**
 * The server under test. The profile selects which: {@code ours}, {@code recipe},
 * {@code recipe-durable} or {@code bare}. Prints {@code READY <port>} when it is ready,
 * and exits when its standard input ends.
 */
@SpringBootApplication
public class BenchmarkServer {

	/**
	 * Starts the server.
	 * @param args properties of Spring Boot
	 */
	public static void main(String[] args) {
		StandardInput.exitOnEnd();
		SpringApplication.run(BenchmarkServer.class, args);
	}

	@Bean
	static ApplicationListener<WebServerInitializedEvent> announcement() {
		return (event) -> System.out.println("READY " + event.getWebServer().getPort());
	}

	@Bean
	Pacer pacer() {
		return new Pacer();
	}

}
