package com.example.chat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import org.springframework.boot.context.event.ApplicationFailedEvent;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ApplicationListener;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Starts the embedded Postgres before the context is built, so that both start in
 * parallel. Beans that need the server wait for it.
 */
class LocalPostgresStart implements ApplicationContextInitializer<GenericApplicationContext> {

	private static final String BEAN = "localPostgres";

	@Override
	public void initialize(GenericApplicationContext context) {
		if (!isWanted(context.getEnvironment())) {
			return;
		}
		DataFolder folder = DataFolder.of(context.getEnvironment());
		CompletableFuture<LocalPostgres> server = new CompletableFuture<>();
		Thread thread = new Thread(() -> start(folder, server), "postgres-start");
		thread.setDaemon(true);
		thread.start();
		context.registerBean(BEAN, LocalPostgres.class, () -> await(server),
				(definition) -> definition.setDestroyMethodName("close"));
		// the context may fail before it requests the server, which would then outlive
		// the process; once the server is a bean, the context stops it after the pool
		context.addApplicationListener((ApplicationListener<ApplicationFailedEvent>) (failed) -> {
			if (!context.getBeanFactory().containsSingleton(BEAN)) {
				stop(server);
			}
		});
	}

	static boolean isWanted(Environment environment) {
		return !StringUtils.hasText(environment.getProperty("spring.datasource.url"));
	}

	private static void start(DataFolder folder, CompletableFuture<LocalPostgres> server) {
		try {
			server.complete(LocalPostgres.start(folder));
		}
		catch (RuntimeException | Error ex) {
			server.completeExceptionally(ex);
		}
	}

	private static void stop(CompletableFuture<LocalPostgres> server) {
		LocalPostgres started = server.handle((running, failure) -> running).join();
		if (started != null) {
			started.close();
		}
	}

	private static LocalPostgres await(CompletableFuture<LocalPostgres> server) {
		try {
			return server.join();
		}
		catch (CompletionException ex) {
			if (ex.getCause() instanceof RuntimeException cause) {
				throw cause;
			}
			throw ex;
		}
	}

}
