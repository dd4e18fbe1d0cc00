package dev.resumablews.internal.handshake;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.core.io.Resource;

/**
 * Settings of token verification. At most one of the keys is set.
 *
 * @param secret secret of HS256 signatures
 * @param publicKeyLocation RSA public key in PEM format
 * @param jwkSetUri the location of the JWK set
 * @param issuerUri the issuer whose configuration names the location of its keys
 * @param clockSkew tolerance for the clocks of issuer and server
 */
record JwtSettings(@Nullable String secret, @Nullable Resource publicKeyLocation, @Nullable String jwkSetUri,
		@Nullable String issuerUri, Duration clockSkew) {
}
