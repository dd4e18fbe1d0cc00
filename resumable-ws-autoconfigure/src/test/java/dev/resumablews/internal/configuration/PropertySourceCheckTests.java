package dev.resumablews.internal.configuration;

import java.util.Map;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@ExtendWith(OutputCaptureExtension.class)
class PropertySourceCheckTests {

	private final StandardEnvironment environment = new StandardEnvironment() {

		@Override
		protected void customizePropertySources(MutablePropertySources sources) {
			// the sources of the machine may contain properties of the tests themselves
		}

	};

	@Test
	void environmentVariablesAreMappedToProperties(CapturedOutput output) {
		variables(Map.of("RESUMABLEWS_ALLOWEDORIGINS", "https://a.example", "RESUMABLEWS_AUTH_JWT_SECRET", "x",
				"RESUMABLEWS_ALLOWEDORIGINS_0", "https://a.example", "RESUMABLEWS_RELAY_REALTIME_URI", "ws://localhost",
				"RESUMABLEWS_RELAY_REALTIME_HEADERS_AUTHORIZATION", "x", "RESUMABLE_WS_PATH", "/ws"));
		check();
		assertThat(output).doesNotContain("has no effect");
	}

	@Test
	void aMisspelledEnvironmentVariableIsNamed(CapturedOutput output) {
		variables(Map.of("RESUMABLEWS_ALLOWEDORIGIN", "secret-value"));
		check();
		assertThat(output).contains("did you mean resumable-ws.allowed-origins?").doesNotContain("secret-value");
	}

	@Test
	void aGroupInYamlCanBeEmpty(CapturedOutput output) {
		properties(Map.of("resumable-ws.auth", ""));
		check();
		assertThat(output).doesNotContain("has no effect");
	}

	@Test
	void aSwitchCanComeFromAPlaceholder() {
		properties(Map.of("resumable-ws.enabled", "${chat.enabled:TRUE}", "resumable-ws.cleanup.enabled", false));
		check();
	}

	@Test
	void anInvalidSwitchIsRejectedAlsoBehindAPlaceholder() {
		properties(Map.of("resumable-ws.reply.enabled", "${chat.reply:yes}"));
		assertThatExceptionOfType(ResumableWsConfigurationException.class).isThrownBy(this::check)
			.withMessageContaining("Property resumable-ws.reply.enabled must be true or false, but is 'yes'");
	}

	@Test
	void anOverriddenValueIsIgnored() {
		properties(Map.of("resumable-ws.enabled", "fasle"));
		this.environment.getPropertySources()
			.addFirst(new MapPropertySource("first", Map.of("resumable-ws.enabled", "false")));
		check();
	}

	private void check() {
		new PropertySourceCheck(this.environment).postProcessBeanFactory(new DefaultListableBeanFactory());
	}

	private void variables(Map<String, Object> variables) {
		this.environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", variables));
	}

	private void properties(Map<String, Object> properties) {
		this.environment.getPropertySources().addFirst(new MapPropertySource("test", properties));
	}

}
