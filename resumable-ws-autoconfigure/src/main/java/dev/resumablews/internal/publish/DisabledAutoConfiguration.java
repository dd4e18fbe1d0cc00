package dev.resumablews.internal.publish;

import dev.resumablews.ResumableSessions;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the API for applications that disable the library. Lets them
 * start without changes.
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", havingValue = false)
public final class DisabledAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ResumableSessions resumableSessions() {
		return new DisabledResumableSessions();
	}

}
