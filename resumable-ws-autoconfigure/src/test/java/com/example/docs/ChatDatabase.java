package com.example.docs;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsDataSource;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.jdbc.DataSourceBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.support.JdbcTransactionManager;

// tag::datasources[]
@Configuration(proxyBeanMethods = false)
class ChatDatabase {

	@Bean(defaultCandidate = false)
	@ResumableWsDataSource
	@ConfigurationProperties("app.chat-database")
	HikariDataSource chatDataSource() {
		return DataSourceBuilder.create().type(HikariDataSource.class).build();
	}

	@Bean(defaultCandidate = false)
	@ResumableWsDataSource
	JdbcTransactionManager chatTransactionManager(@ResumableWsDataSource DataSource dataSource) {
		return new JdbcTransactionManager(dataSource);
	}

}
// end::datasources[]
