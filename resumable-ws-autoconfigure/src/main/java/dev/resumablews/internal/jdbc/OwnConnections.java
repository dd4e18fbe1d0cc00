package dev.resumablews.internal.jdbc;

import java.io.Closeable;
import java.io.IOException;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

/**
 * The library's own pool. Not a {@link DataSource} itself, so that the bean does not
 * compete with those of the application, and without a class of Hikari, which need not be
 * there.
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
