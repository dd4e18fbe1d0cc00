package dev.resumablews.internal.schema;

import java.util.Map;
import java.util.UUID;

import javax.sql.DataSource;

import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.testing.TestPostgres;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.orm.jpa.persistenceunit.PersistenceManagedTypes;
import org.springframework.orm.jpa.vendor.HibernateJpaVendorAdapter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests an application whose entities are validated at start with
 * {@code ddl-auto=validate}.
 */
class JpaValidationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class, FlywayAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class))
		.withUserConfiguration(Jpa.class)
		.withPropertyValues("spring.datasource.url=" + TestPostgres.createDatabase());

	@Test
	void entitiesAreValidatedAfterFlywayAndTheLibraryHaveMigrated() {
		this.runner.withPropertyValues("spring.flyway.locations=classpath:dev/resumablews/schema/application-flyway")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				try (var entities = context.getBean(EntityManagerFactory.class).createEntityManager()) {
					assertThat(entities.createQuery("from Order", Order.class).getResultList()).isEmpty();
					assertThat(entities.createQuery("from StoredSession", StoredSession.class).getResultList())
						.isEmpty();
				}
			});
	}

	@Test
	void theLibraryLeavesValidationToHibernate() {
		this.runner.withPropertyValues("spring.flyway.enabled=false")
			.run((context) -> assertThat(context).hasFailed()
				.getFailure()
				.rootCause()
				.hasMessageContaining("application_orders"));
	}

	@Configuration(proxyBeanMethods = false)
	static class Jpa {

		@Bean
		LocalContainerEntityManagerFactoryBean entityManagerFactory(DataSource dataSource) {
			LocalContainerEntityManagerFactoryBean factory = new LocalContainerEntityManagerFactoryBean();
			factory.setDataSource(dataSource);
			factory.setJpaVendorAdapter(new HibernateJpaVendorAdapter());
			factory.setManagedTypes(PersistenceManagedTypes.of(Order.class.getName(), StoredSession.class.getName()));
			factory.setJpaPropertyMap(Map.of("hibernate.hbm2ddl.auto", "validate"));
			return factory;
		}

	}

	@Entity(name = "Order")
	@Table(name = "application_orders")
	static class Order {

		@Id
		private Long id;

	}

	@Entity(name = "StoredSession")
	@Table(name = "ws_sessions")
	static class StoredSession {

		@Id
		@Column(name = "session_id")
		private UUID id;

	}

}
