package dev.resumablews.internal.handshake;

import java.net.MalformedURLException;
import java.net.URI;
import java.time.Duration;
import java.util.List;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.ResourceRetriever;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a JWK set. They are fetched on first use, and again when they are outdated
 * or a token names an unknown key. Outdated keys remain in use while the key server is
 * unavailable. The rate limit also applies to fetches for unknown keys. Thread-safe.
 */
final class JwkSetKeys implements JWKSource<SecurityContext> {

	private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(2);

	// time for a fetch and a retry by another thread
	private static final Duration MAX_WAIT = Duration.ofSeconds(10);

	private static final int MAX_BYTES = 512 * 1024;

	private static final Duration MIN_FETCH_INTERVAL = Duration.ofSeconds(5);

	private static final Duration OUTAGE_TOLERANCE = Duration.ofHours(4);

	private final JWKSource<SecurityContext> source;

	private volatile boolean fetched;

	JwkSetKeys(URI uri) {
		try {
			this.source = JWKSourceBuilder.<SecurityContext>create(uri.toURL(), retriever())
				.retrying(true)
				.cache(JWKSourceBuilder.DEFAULT_CACHE_TIME_TO_LIVE, MAX_WAIT.toMillis())
				// would start threads that are never stopped
				.refreshAheadCache(false)
				.rateLimited(MIN_FETCH_INTERVAL.toMillis())
				.outageTolerant(OUTAGE_TOLERANCE.toMillis())
				.build();
		}
		catch (MalformedURLException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

	static ResourceRetriever retriever() {
		int timeout = (int) FETCH_TIMEOUT.toMillis();
		return new DefaultResourceRetriever(timeout, timeout, MAX_BYTES);
	}

	@Override
	public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) throws KeySourceException {
		try {
			List<JWK> keys = this.source.get(selector, context);
			this.fetched = true;
			return keys;
		}
		catch (RateLimitReachedException ex) {
			if (this.fetched) {
				// a recently fetched set did not contain the key
				return List.of();
			}
			throw ex;
		}
	}

}
