package dev.resumablews.internal.cluster;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.sql.DataSource;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * The pool of the application, which records the statements that are prepared.
 */
final class SpiedDataSource extends DelegatingDataSource {

	private final List<String> statements = new CopyOnWriteArrayList<>();

	private SpiedDataSource(DataSource pool) {
		super(pool);
	}

	/**
	 * Returns the number of queries for events of other nodes.
	 */
	long remoteEventQueries() {
		return this.statements.stream().filter((sql) -> sql.contains("as known (session_id, last_event_id")).count();
	}

	long signals() {
		return this.statements.stream().filter((sql) -> sql.contains("pg_notify")).count();
	}

	/**
	 * Returns the number of queries for signals.
	 */
	long signalQueries() {
		return this.statements.stream().filter((sql) -> sql.contains("from ws_signals")).count();
	}

	@Override
	public Connection getConnection() throws SQLException {
		Connection connection = super.getConnection();
		return (Connection) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Connection.class },
				(proxy, method, arguments) -> {
					if (method.getName().equals("prepareStatement")) {
						this.statements.add(String.valueOf(arguments[0]));
					}
					try {
						return method.invoke(connection, arguments);
					}
					catch (InvocationTargetException ex) {
						throw ex.getTargetException();
					}
				});
	}

	@Configuration(proxyBeanMethods = false)
	static class Spying {

		@Bean
		static BeanPostProcessor spy() {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					return (bean instanceof DataSource pool) ? new SpiedDataSource(pool) : bean;
				}

			};
		}

	}

}
