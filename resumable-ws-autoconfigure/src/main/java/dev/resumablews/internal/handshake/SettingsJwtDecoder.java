package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import javax.crypto.spec.SecretKeySpec;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSKeySelector;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.proc.SingleKeyJWSKeySelector;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import org.jspecify.annotations.Nullable;

import org.springframework.core.io.Resource;
import org.springframework.security.converter.RsaKeyConverters;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.util.StringUtils;

/**
 * Creates the {@link JwtDecoder} for {@link JwtSettings}. Each kind of key is bound to
 * its algorithms. A token cannot choose how it is verified, so {@code none} and an HMAC
 * with a public key as its secret are rejected.
 */
final class SettingsJwtDecoder {

	private static final int MIN_SECRET_BYTES = 32;

	private static final String PREFIX = "resumable-ws.auth.jwt.";

	private SettingsJwtDecoder() {
	}

	/**
	 * Creates the decoder.
	 * @param settings the settings
	 * @return the decoder; null if no key is set
	 * @throws JwtSetupException if the settings are invalid
	 */
	static @Nullable JwtDecoder of(JwtSettings settings) {
		Map<String, Supplier<JWSKeySelector<SecurityContext>>> keys = new LinkedHashMap<>();
		String secret = settings.secret();
		if (StringUtils.hasText(secret)) {
			keys.put(PREFIX + "secret", () -> secretKey(secret));
		}
		Resource publicKeyLocation = settings.publicKeyLocation();
		if (publicKeyLocation != null) {
			keys.put(PREFIX + "public-key-location", () -> publicKey(publicKeyLocation));
		}
		String jwkSetUri = settings.jwkSetUri();
		if (StringUtils.hasText(jwkSetUri)) {
			keys.put(PREFIX + "jwk-set-uri", () -> remoteKeys(new JwkSetKeys(httpUri("jwk-set-uri", jwkSetUri))));
		}
		String issuerUri = settings.issuerUri();
		if (StringUtils.hasText(issuerUri)) {
			keys.put(PREFIX + "issuer-uri", () -> remoteKeys(new IssuerKeys(httpUri("issuer-uri", issuerUri))));
		}
		if (keys.size() > 1) {
			String names = String.join(" and ", keys.keySet());
			throw new JwtSetupException("Only one way to verify tokens can be configured, but " + names + " are set.",
					"Set only one of " + names + ".");
		}
		return keys.isEmpty() ? null : decoder(keys.values().iterator().next().get(), settings);
	}

	private static JwtDecoder decoder(JWSKeySelector<SecurityContext> keys, JwtSettings settings) {
		DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
		processor.setJWSKeySelector(keys);
		processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT,
				new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt"), null));
		// the validator below and TokenRules check the claims
		processor.setJWTClaimsSetVerifier((claims, context) -> {
		});
		NimbusJwtDecoder decoder = new NimbusJwtDecoder(processor);
		decoder.setJwtValidator(new JwtTimestampValidator(settings.clockSkew()));
		return (token) -> {
			try {
				return decoder.decode(token);
			}
			catch (JwtException ex) {
				if (ex.getCause() instanceof KeySourceException cause) {
					throw new KeysUnavailableException(cause);
				}
				throw ex;
			}
		};
	}

	private static JWSKeySelector<SecurityContext> secretKey(String secret) {
		byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
		if (bytes.length < MIN_SECRET_BYTES) {
			throw new JwtSetupException(
					"The secret in %ssecret has %d bytes, but HS256 needs %d or more.".formatted(PREFIX, bytes.length,
							MIN_SECRET_BYTES),
					"Set %ssecret to %d or more random bytes, for example the output of 'openssl rand -base64 48'."
						.formatted(PREFIX, MIN_SECRET_BYTES));
		}
		return new SingleKeyJWSKeySelector<>(JWSAlgorithm.HS256, new SecretKeySpec(bytes, "HmacSHA256"));
	}

	private static JWSKeySelector<SecurityContext> publicKey(Resource location) {
		try (InputStream pem = location.getInputStream()) {
			return new SingleKeyJWSKeySelector<>(JWSAlgorithm.RS256, RsaKeyConverters.x509().convert(pem));
		}
		catch (IOException | RuntimeException ex) {
			throw new JwtSetupException(
					"The %s in %spublic-key-location cannot be read as an RSA public key."
						.formatted(location.getDescription(), PREFIX),
					"Set %spublic-key-location to a file that begins with '-----BEGIN PUBLIC KEY-----'."
						.formatted(PREFIX),
					ex);
		}
	}

	private static JWSKeySelector<SecurityContext> remoteKeys(JWKSource<SecurityContext> source) {
		Set<JWSAlgorithm> algorithms = new LinkedHashSet<>(JWSAlgorithm.Family.RSA);
		algorithms.addAll(JWSAlgorithm.Family.EC);
		return new JWSVerificationKeySelector<>(algorithms, source);
	}

	private static URI httpUri(String name, String value) {
		try {
			URI uri = URI.create(value);
			if (uri.getHost() != null && Set.of("http", "https").contains(uri.getScheme())) {
				return uri;
			}
		}
		catch (IllegalArgumentException ex) {
			// reported below
		}
		throw new JwtSetupException(
				"The value '%s' of %s%s is not an http or https URI.".formatted(value, PREFIX, name),
				"Set %s%s to a URI such as https://id.example.com/path.".formatted(PREFIX, name));
	}

}
