package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.RemoteKeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jose.util.ResourceRetriever;
import org.jspecify.annotations.Nullable;

/**
 * The keys of an issuer. Their location is discovered when the first token arrives, so
 * that an application starts even if its issuer is unavailable. While the issuer does not
 * respond, one request at a time queries it and all others fail immediately, so that
 * threads do not queue up behind one time-out after another. Thread-safe.
 */
final class IssuerKeys implements JWKSource<SecurityContext> {

	private static final Duration MAX_WAIT = Duration.ofSeconds(10);

	private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

	private final String issuer;

	private final List<URI> locations;

	private final ResourceRetriever retriever = JwkSetKeys.retriever();

	private final ReentrantLock lock = new ReentrantLock();

	private volatile @Nullable JWKSource<SecurityContext> keys;

	private @Nullable KeySourceException failure;

	private long failedAt;

	IssuerKeys(URI issuer) {
		this.issuer = issuer.toString();
		String path = (issuer.getRawPath() != null) ? issuer.getRawPath().replaceFirst("/$", "") : "";
		URI root = issuer.resolve("/");
		// OpenID Connect Discovery 1.0, section 4, and RFC 8414, section 3
		this.locations = List.of(root.resolve(path + "/.well-known/openid-configuration"),
				root.resolve("/.well-known/oauth-authorization-server" + path));
	}

	@Override
	public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) throws KeySourceException {
		JWKSource<SecurityContext> known = this.keys;
		return ((known != null) ? known : find()).get(selector, context);
	}

	private JWKSource<SecurityContext> find() throws KeySourceException {
		if (!lock()) {
			throw new RemoteKeySourceException("The issuer " + this.issuer + " does not respond in time", null);
		}
		try {
			JWKSource<SecurityContext> known = this.keys;
			if (known == null) {
				if (this.failure != null && System.nanoTime() - this.failedAt < RETRY_INTERVAL.toNanos()) {
					throw this.failure;
				}
				known = new JwkSetKeys(discover());
				this.keys = known;
			}
			return known;
		}
		catch (KeySourceException ex) {
			if (ex != this.failure) {
				this.failure = ex;
				this.failedAt = System.nanoTime();
			}
			throw ex;
		}
		finally {
			this.lock.unlock();
		}
	}

	private boolean lock() {
		try {
			return this.lock.tryLock(MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	private URI discover() throws KeySourceException {
		IOException failure = null;
		for (URI location : this.locations) {
			try {
				return jwkSetUri(location, this.retriever.retrieveResource(location.toURL()).getContent());
			}
			catch (IOException ex) {
				if (failure == null) {
					failure = ex;
				}
			}
		}
		throw new RemoteKeySourceException(
				"The issuer " + this.issuer + " does not provide the location of its keys: " + failure, failure);
	}

	private URI jwkSetUri(URI location, String content) throws IOException {
		try {
			Map<String, Object> configuration = JSONObjectUtils.parse(content);
			String issuer = JSONObjectUtils.getString(configuration, "issuer");
			URI jwkSetUri = JSONObjectUtils.getURI(configuration, "jwks_uri");
			// otherwise the server at that location could pose as any issuer
			if (!this.issuer.equals(issuer)) {
				throw new IOException(location + " is the configuration of the issuer " + issuer);
			}
			if (jwkSetUri == null || !jwkSetUri.isAbsolute()) {
				throw new IOException(location + " has no jwks_uri");
			}
			return jwkSetUri;
		}
		catch (ParseException ex) {
			throw new IOException(location + " is not the configuration of an issuer", ex);
		}
	}

}
