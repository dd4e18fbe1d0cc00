package dev.resumablews.internal.cluster;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.function.Supplier;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

/**
 * Opens the connection that listens for signals. It stays open as long as the application
 * runs, so it should not come from a pool.
 */
@FunctionalInterface
interface ListenerConnections {

	Connection open() throws SQLException;

	static ListenerConnections from(DataSource dataSource) {
		return dataSource::getConnection;
	}

	/**
	 * Opens connections with the driver.
	 * @param address evaluated for each connection, because passwords change
	 */
	static ListenerConnections to(Supplier<Address> address) {
		return () -> {
			Address current = address.get();
			Properties properties = new Properties();
			properties.setProperty("tcpKeepAlive", "true");
			properties.setProperty("connectTimeout", "10");
			properties.setProperty("ApplicationName", "resumable-ws listener");
			properties.putAll(current.properties());
			if (current.user() != null) {
				properties.setProperty("user", current.user());
			}
			if (current.password() != null) {
				properties.setProperty("password", current.password());
			}
			return DriverManager.getConnection(current.url(), properties);
		};
	}

	/**
	 * Address of the database.
	 *
	 * @param url its JDBC URL
	 * @param user the user, if not in the URL
	 * @param password the password, if not in the URL
	 * @param properties additional properties of the driver
	 */
	record Address(String url, @Nullable String user, @Nullable String password, Properties properties) {

		@Override
		public String toString() {
			return "Database address";
		}

	}

}
