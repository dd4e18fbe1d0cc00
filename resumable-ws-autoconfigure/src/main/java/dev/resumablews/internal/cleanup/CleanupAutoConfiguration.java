package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import dev.resumablews.internal.schema.SchemaName;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.Trigger;
import org.springframework.scheduling.support.CronTrigger;
import org.springframework.scheduling.support.PeriodicTrigger;

/**
 * Auto-configuration for the scheduled removal of expired rows.
 */
@AutoConfiguration(after = SchemaAutoConfiguration.class)
@ConditionalOnClass(JdbcClient.class)
@ConditionalOnBean(SchemaName.class)
@ConditionalOnBooleanProperty(name = { "resumable-ws.enabled", "resumable-ws.cleanup.enabled" }, matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class CleanupAutoConfiguration {

	@Bean
	CleanupSchedule resumableWsCleanup(ResumableWsProperties properties, ChosenDataSource chosen, SchemaName schema,
			ListenerDispatcher listeners) {
		ResumableWsProperties.Cleanup cleanup = properties.cleanup();
		CleanupSettings settings = new CleanupSettings(cleanup.sessionTtl(), cleanup.closedSessionTtl(),
				cleanup.eventTtl(), cleanup.idempotencyKeyTtl(), cleanup.liveConnectionTtl(), cleanup.batchSize());
		return new CleanupSchedule(new Cleanup(chosen.dataSource(), schema, settings, listeners.listener()),
				trigger(cleanup));
	}

	private static Trigger trigger(ResumableWsProperties.Cleanup cleanup) {
		if (cleanup.cron() != null && !cleanup.cron().isEmpty()) {
			return new CronTrigger(cleanup.cron());
		}
		PeriodicTrigger trigger = new PeriodicTrigger(cleanup.interval());
		// avoids simultaneous runs on nodes that start together
		trigger.setInitialDelay(
				Duration.ofMillis(ThreadLocalRandom.current().nextLong(cleanup.interval().toMillis() + 1)));
		return trigger;
	}

}
