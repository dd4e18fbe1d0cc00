package dev.resumablews.internal.configuration;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.util.unit.DataSize;

/**
 * Checks the raw property values, before any bean is created, for mistakes that Spring
 * Boot does not detect:
 * <ul>
 * <li>an unknown name is logged together with the most similar valid name;</li>
 * <li>a duration or size without a unit is logged, since it means milliseconds or
 * bytes;</li>
 * <li>a switch that is neither "true" nor "false" is rejected, since conditions would
 * silently disable the feature.</li>
 * </ul>
 */
final class PropertySourceCheck implements BeanFactoryPostProcessor {

	private static final Log logger = LogFactory.getLog(PropertySourceCheck.class);

	private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("resumable-ws");

	private final ConfigurableEnvironment environment;

	private final KnownProperties known = new KnownProperties();

	PropertySourceCheck(ConfigurableEnvironment environment) {
		this.environment = environment;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		Set<ConfigurationPropertyName> seen = new HashSet<>();
		for (ConfigurationPropertySource source : ConfigurationPropertySources
			.from(this.environment.getPropertySources())) {
			if (source instanceof IterableConfigurationPropertySource iterable) {
				iterable.stream().filter(ROOT::isAncestorOf).filter(seen::add).forEach((name) -> check(source, name));
			}
		}
	}

	private void check(ConfigurationPropertySource source, ConfigurationPropertyName name) {
		ConfigurationProperty property = source.getConfigurationProperty(name);
		if (property == null) {
			return;
		}
		List<String> elements = IntStream.range(ROOT.getNumberOfElements(), name.getNumberOfElements())
			.mapToObj((index) -> name.getElement(index, Form.UNIFORM))
			.toList();
		Class<?> type = this.known.type(elements);
		String value = this.environment.resolvePlaceholders(String.valueOf(property.getValue())).strip();
		if (type == null) {
			// an empty group in YAML has an empty value
			if (!value.isEmpty()) {
				logger.warn(unknown(name, property));
			}
			return;
		}
		if (type == boolean.class) {
			requireBoolean(name, value, property);
		}
		else if (type == Duration.class || type == DataSize.class) {
			warnOfMissingUnit(name, value, type == Duration.class);
		}
	}

	private String unknown(ConfigurationPropertyName name, ConfigurationProperty property) {
		String nearest = this.known.nearest(name.subName(ROOT.getNumberOfElements()).toString());
		return "Property %s is unknown and has no effect%s%s".formatted(name,
				(nearest != null) ? ": did you mean resumable-ws." + nearest + "?" : "", origin(property));
	}

	private static void requireBoolean(ConfigurationPropertyName name, String value, ConfigurationProperty property) {
		if (!Set.of("true", "false").contains(value.toLowerCase(Locale.ROOT)) && !value.startsWith("${")) {
			throw new ResumableWsConfigurationException(
					"Property %s must be true or false, but is '%s'%s.".formatted(name, value, origin(property)),
					"Set %s to true or to false.".formatted(name));
		}
	}

	/**
	 * Logs a number without a unit. Implausible values are rejected by the properties
	 * themselves.
	 */
	private static void warnOfMissingUnit(ConfigurationPropertyName name, String value, boolean duration) {
		if (value.matches("[0-9]*[1-9][0-9]*")) {
			logger.warn("Property %s is '%s', which has no unit and means %s: write '%s%s' if that is intended"
				.formatted(name, value, duration ? "milliseconds" : "bytes", value, duration ? "ms" : "B"));
		}
	}

	private static String origin(@Nullable ConfigurationProperty property) {
		return (property != null && property.getOrigin() != null) ? " (" + property.getOrigin() + ")" : "";
	}

}
