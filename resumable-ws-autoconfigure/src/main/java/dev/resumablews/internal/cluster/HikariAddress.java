package dev.resumablews.internal.cluster;

import java.sql.SQLException;
import java.util.function.Supplier;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.cluster.ListenerConnections.Address;
import org.jspecify.annotations.Nullable;

/**
 * Finds the database address of a Hikari pool. A separate class because Hikari is
 * optional.
 */
final class HikariAddress {

	private HikariAddress() {
	}

	/**
	 * Returns the address of a Hikari pool, which may be wrapped.
	 * @return its address, or null if the data source is not a Hikari pool or has no URL
	 */
	static @Nullable Supplier<Address> of(DataSource dataSource) {
		try {
			if (!dataSource.isWrapperFor(HikariDataSource.class)) {
				return null;
			}
			HikariDataSource pool = dataSource.unwrap(HikariDataSource.class);
			String url = pool.getJdbcUrl();
			return (url == null) ? null
					: () -> new Address(url, pool.getUsername(), pool.getPassword(), pool.getDataSourceProperties());
		}
		catch (SQLException ex) {
			return null;
		}
	}

}
