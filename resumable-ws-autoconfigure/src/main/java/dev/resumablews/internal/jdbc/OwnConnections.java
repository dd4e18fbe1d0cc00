package dev.resumablews.internal.jdbc;

import java.io.Closeable;
import java.io.IOException;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

/**
 * Holder of the library's own pool. Not a {@link DataSource} itself, so that the bean
 * does not compete with the application's beans. Has no dependency on Hikari, which is
 * optional.
 *
 * @param dataSource the pool; null if there is none
 */
record OwnConnections(@Nullable DataSource dataSource) implements Closeable {

	@Override
	public void close() throws IOException {
		if (this.dataSource instanceof Closeable pool) {
			pool.close();
		}
	}

}
