package dev.resumablews.internal.client;

import dev.resumablews.ResumableWsProperties;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

/**
 * Auto-configuration of the client scripts for browsers.
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = Type.SERVLET)
@ConditionalOnClass(SimpleUrlHandlerMapping.class)
@ConditionalOnBooleanProperty(name = { "resumable-ws.enabled", "resumable-ws.client.enabled" }, matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
@ImportRuntimeHints(ClientScriptRuntimeHints.class)
public final class ClientScriptAutoConfiguration {

	@Bean(defaultCandidate = false)
	@ConditionalOnMissingBean(name = "resumableWsClientScriptMapping")
	SimpleUrlHandlerMapping resumableWsClientScriptMapping(ResumableWsProperties properties) {
		return ClientScript.mapping(properties.client().path());
	}

}
