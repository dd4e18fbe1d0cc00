package dev.resumablews.internal.datasource;

import java.util.List;
import java.util.stream.Stream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfigMXBean;
import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsDataSource;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.context.annotation.Bean;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.util.ClassUtils;

/**
 * Auto-configuration of the choice between the application's {@link DataSource} beans:
 * the one with the qualifier {@link ResumableWsDataSource}, else the only or primary one.
 */
@AutoConfiguration(afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration")
@ConditionalOnClass({ JdbcClient.class, DataSourceUnwrapper.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
public final class DataSourceChoiceAutoConfiguration {

	/**
	 * Names of beans with which applications replace parts of the library.
	 */
	private static final List<String> FOR_PARTS = List.of("resumableWsDataSource", "resumableWsListenerDataSource");

	private static final boolean HIKARI = ClassUtils.isPresent("com.zaxxer.hikari.HikariDataSource",
			DataSourceChoiceAutoConfiguration.class.getClassLoader());

	/**
	 * The parameter names must not match bean names, since Spring would prefer the bean
	 * with that name.
	 */
	@Bean
	ChosenDataSource resumableWsChosenDataSource(@ResumableWsDataSource ObjectProvider<DataSource> theQualifiedOnes,
			ObjectProvider<DataSource> theOnlyOne, ListableBeanFactory beans) {
		List<String> names = Stream.of(beans.getBeanNamesForType(DataSource.class, true, false))
			.filter((name) -> !FOR_PARTS.contains(name))
			.toList();
		DataSource dataSource = choose(theQualifiedOnes.stream().toList(), theOnlyOne, names);
		return new ChosenDataSource(dataSource, HIKARI ? HikariUrl.of(dataSource) : null, names.size() == 1);
	}

	private static DataSource choose(List<DataSource> qualified, ObjectProvider<DataSource> theOnlyOne,
			List<String> names) {
		if (qualified.size() > 1) {
			throw new ResumableWsConfigurationException(
					"%d DataSource beans are annotated with @ResumableWsDataSource, but resumable-ws uses exactly one."
						.formatted(qualified.size()),
					"Remove the annotation from all but one of them.");
		}
		DataSource dataSource = qualified.isEmpty() ? theOnlyOne.getIfUnique() : qualified.get(0);
		if (dataSource != null) {
			return dataSource;
		}
		if (names.isEmpty()) {
			throw new ResumableWsConfigurationException(
					"resumable-ws stores events in Postgres, but the application has no DataSource bean.",
					"Set spring.datasource.url to a Postgres, or set resumable-ws.enabled=false.");
		}
		throw new ResumableWsConfigurationException(
				"resumable-ws cannot choose between the DataSource beans %s, none of which is primary."
					.formatted(String.join(", ", names)),
				"Annotate the DataSource of its Postgres with @ResumableWsDataSource, or set "
						+ "resumable-ws.enabled=false.");
	}

	/**
	 * A separate class, because Hikari is optional.
	 */
	private static final class HikariUrl {

		static @Nullable String of(DataSource dataSource) {
			HikariDataSource pool = DataSourceUnwrapper.unwrap(dataSource, HikariConfigMXBean.class,
					HikariDataSource.class);
			String url = (pool != null) ? pool.getJdbcUrl() : null;
			// parameters may contain a password
			return (url != null) ? url.replaceFirst("[?;].*", "").replaceFirst("//[^/@]*@", "//") : null;
		}

	}

}
