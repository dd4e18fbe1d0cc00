package com.example.chat;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Configures the embedded Postgres that {@link LocalPostgresStart} is starting, unless
 * another database is configured.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(LocalPostgresConfiguration.NoDataSourceUrl.class)
class LocalPostgresConfiguration {

	/**
	 * Returns the connection details of the database. The pool depends on them, so that
	 * the server stops after the pool.
	 */
	@Bean
	JdbcConnectionDetails localPostgresConnection(LocalPostgres postgres) {
		return new LocalPostgresConnection(postgres);
	}

	private record LocalPostgresConnection(LocalPostgres postgres) implements JdbcConnectionDetails {

		@Override
		public String getJdbcUrl() {
			return this.postgres.jdbcUrl();
		}

		@Override
		public String getUsername() {
			return this.postgres.username();
		}

		@Override
		public String getPassword() {
			return this.postgres.password();
		}

	}

	static final class NoDataSourceUrl extends SpringBootCondition {

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			ConditionMessage.Builder message = ConditionMessage.forCondition("Local Postgres");
			return LocalPostgresStart.isWanted(context.getEnvironment())
					? ConditionOutcome.match(message.because("spring.datasource.url is not set"))
					: ConditionOutcome.noMatch(message.because("spring.datasource.url is set"));
		}

	}

}
