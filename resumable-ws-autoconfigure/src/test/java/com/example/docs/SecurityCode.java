package com.example.docs;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationConverter;
import org.springframework.security.oauth2.server.resource.authentication.JwtGrantedAuthoritiesConverter;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.stereotype.Component;

/**
 * The code of docs/security.md.
 */
final class SecurityCode {

	private SecurityCode() {
	}

	@Configuration(proxyBeanMethods = false)
	static class Beans {

		@Bean
		SecurityFilterChain pages(HttpSecurity http) {
			return http.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
				.formLogin(Customizer.withDefaults())
				.build();
		}

		@Bean
		HandshakeAuthenticator members() {
			return (request) -> {
				if (request.getPrincipal() instanceof Authentication login && login.getAuthorities()
					.stream()
					.anyMatch((authority) -> "ROLE_MEMBER".equals(authority.getAuthority()))) {
					return new AuthenticatedUser(login.getName(), null).withPrincipal(login);
				}
				throw new HandshakeAuthenticationException("Members only");
			};
		}

		@Bean
		JwtAuthenticationConverter rolesOfTokens() {
			JwtGrantedAuthoritiesConverter roles = new JwtGrantedAuthoritiesConverter();
			roles.setAuthoritiesClaimName("roles");
			roles.setAuthorityPrefix("ROLE_");
			JwtAuthenticationConverter converter = new JwtAuthenticationConverter();
			converter.setJwtGrantedAuthoritiesConverter(roles);
			return converter;
		}

		@Bean
		SecurityFilterChain everything(HttpSecurity http) {
			return http.csrf((csrf) -> csrf.ignoringRequestMatchers("/ws/messages"))
				.authorizeHttpRequests((requests) -> requests.requestMatchers("/resumable-ws/*")
					.permitAll()
					.anyRequest()
					.authenticated())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

	}

	@Component
	static class ClosePoll implements ClientMessageHandler {

		@Override
		public String type() {
			return "close-poll";
		}

		@Override
		@PreAuthorize("hasAuthority('SCOPE_polls')")
		public void handle(ClientMessage message) {
			// ...
		}

	}

}
