package dev.resumablews.internal.datasource;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

/**
 * The application's {@code DataSource} that the library uses, wrapped so that the bean
 * does not compete with the application's data sources.
 *
 * @param dataSource the application's bean
 * @param url the JDBC URL without its parameters, for messages; null if unknown
 * @param alone whether it is the application's only one, so that Spring Boot's connection
 * details apply to it
 */
public record ChosenDataSource(DataSource dataSource, @Nullable String url, boolean alone) {

	/**
	 * Returns the name of the database for messages.
	 * @return the URL if known, otherwise a description
	 */
	public String name() {
		return (this.url != null) ? this.url : "the application's DataSource";
	}

}
