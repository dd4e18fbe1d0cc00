package dev.resumablews.internal.datasource;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

/**
 * The application's {@code DataSource} that the library uses. Not a {@code DataSource}
 * itself, so that the bean does not compete with those of the application.
 *
 * @param dataSource the application's bean
 * @param url the JDBC URL without its parameters, for messages; null if it is not known
 * @param alone whether the application has no other, so that Spring Boot's connection
 * details are those of this one
 */
public record ChosenDataSource(DataSource dataSource, @Nullable String url, boolean alone) {

	/**
	 * Returns what to call the database in a message.
	 * @return its URL if it is known, in words otherwise
	 */
	public String name() {
		return (this.url != null) ? this.url : "the application's DataSource";
	}

}
