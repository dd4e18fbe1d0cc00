package com.example.chat;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.stereotype.Component;

/**
 * Stops the whole application including its Postgres, and starts it again in the same
 * process. To clients it looks like a new process. Safe for use by many threads.
 */
@Component
@ConditionalOnBooleanProperty(BreakThings.PROPERTY)
class Restart {

	private final ConfigurableApplicationContext context;

	private final ApplicationArguments arguments;

	private final AtomicBoolean begun = new AtomicBoolean();

	Restart(ConfigurableApplicationContext context, ApplicationArguments arguments) {
		this.context = context;
		this.arguments = arguments;
	}

	/**
	 * Begins a restart, unless one is running.
	 * @param slowPort the port of the slow network, which is kept like the server's own
	 */
	void begin(int slowPort) {
		if (this.begun.compareAndSet(false, true)) {
			int port = ((WebServerApplicationContext) this.context).getWebServer().getPort();
			String[] next = argumentsWith("--server.port=" + port, "--" + BreakThings.SLOW_PORT + "=" + slowPort);
			Thread thread = new Thread(() -> {
				this.context.close();
				SpringApplication.run(ChatApplication.class, next);
			}, "restart");
			// not the class loader of the requesting web application, which is stopped
			thread.setContextClassLoader(ChatApplication.class.getClassLoader());
			// keeps the process alive during the restart
			thread.setDaemon(false);
			thread.start();
		}
	}

	private String[] argumentsWith(String... changed) {
		Stream<String> unchanged = Stream.of(this.arguments.getSourceArgs())
			.filter((argument) -> Stream.of(changed).noneMatch((other) -> name(other).equals(name(argument))));
		return Stream.concat(unchanged, Stream.of(changed)).toArray(String[]::new);
	}

	private static String name(String argument) {
		return argument.split("=", 2)[0];
	}

}
