package dev.resumablews.internal.publish;

import java.util.Map;

import javax.sql.DataSource;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;

import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.orm.jpa.SharedEntityManagerCreator;
import org.springframework.orm.jpa.persistenceunit.PersistenceManagedTypes;
import org.springframework.orm.jpa.vendor.HibernateJpaVendorAdapter;

/**
 * Hibernate on a {@code DataSource}, configured as in Spring Boot.
 */
final class TestJpa implements AutoCloseable {

	private final LocalContainerEntityManagerFactoryBean factory = new LocalContainerEntityManagerFactoryBean();

	TestJpa(DataSource dataSource) {
		HibernateJpaVendorAdapter hibernate = new HibernateJpaVendorAdapter();
		hibernate.setGenerateDdl(true);
		this.factory.setDataSource(dataSource);
		this.factory.setJpaVendorAdapter(hibernate);
		this.factory.setManagedTypes(PersistenceManagedTypes.of(Purchase.class.getName()));
		this.factory.setJpaPropertyMap(Map.of("hibernate.boot.allow_jdbc_metadata_access", true));
		this.factory.afterPropertiesSet();
	}

	EntityManagerFactory factory() {
		return java.util.Objects.requireNonNull(this.factory.getObject());
	}

	/**
	 * Returns the entity manager of the current transaction.
	 */
	EntityManager entities() {
		return SharedEntityManagerCreator.createSharedEntityManager(factory());
	}

	JpaTransactionManager transactionManager() {
		JpaTransactionManager manager = new JpaTransactionManager(factory());
		manager.afterPropertiesSet();
		return manager;
	}

	@Override
	public void close() {
		this.factory.destroy();
	}

}
