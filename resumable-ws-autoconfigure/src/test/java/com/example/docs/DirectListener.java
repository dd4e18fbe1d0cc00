package com.example.docs;

import javax.sql.DataSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

@Configuration(proxyBeanMethods = false)
class DirectListener {

	// tag::listener[]
	@Bean(defaultCandidate = false)
	DataSource resumableWsListenerDataSource(@Value("${app.direct-database-url}") String url) {
		return new DriverManagerDataSource(url);
	}
	// end::listener[]

}
