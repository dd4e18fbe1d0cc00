package dev.resumablews.internal.cluster;

import java.sql.SQLException;
import java.util.function.Supplier;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.cluster.ListenerConnections.Address;
import org.jspecify.annotations.Nullable;

/**
 * The address of the database that a Hikari pool has connections to. Apart from the rest,
 * as Hikari need not be there.
 */
final class HikariAddress {

	private HikariAddress() {
	}

	/**
	 * Looks for a Hikari pool, perhaps wrapped in something else.
	 * @return its address, or null if it is no such pool or has no URL
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
