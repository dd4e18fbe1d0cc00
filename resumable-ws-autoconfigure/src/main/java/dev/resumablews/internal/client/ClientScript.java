package dev.resumablews.internal.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.core.io.ClassPathResource;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;
import org.springframework.web.servlet.support.WebContentGenerator;

/**
 * Serves a script of the client. Browsers keep it, and ask each time whether it is still
 * the same: its name does not tell versions apart, and a page must not run on the script
 * of the version before. Safe for use by many threads.
 */
final class ClientScript extends WebContentGenerator implements HttpRequestHandler {

	/**
	 * Holds the scripts. The client loads the second one, if it needs it, from beside the
	 * first one.
	 */
	static final String FOLDER = "dev/resumablews/client/";

	private static final String CLIENT = "client.js";

	private static final String FALLBACK = "http.js";

	/**
	 * Before the application's controllers, one of which may be mapped to everything.
	 */
	private static final int ORDER = -1;

	private final byte[] content;

	private final String etag;

	private ClientScript(byte[] content) {
		super(HttpMethod.GET.name(), HttpMethod.HEAD.name());
		this.content = content;
		// weak, as web servers compress nothing that has a strong one
		this.etag = "W/\"" + digest(content) + "\"";
	}

	/**
	 * Maps the scripts to paths.
	 * @param path the path of the client
	 */
	static SimpleUrlHandlerMapping mapping(String path) {
		return new SimpleUrlHandlerMapping(
				Map.of(path, new ClientScript(read(CLIENT)), fallbackPath(path), new ClientScript(read(FALLBACK))),
				ORDER);
	}

	/**
	 * Returns the path of the script that the client loads.
	 * @param path the path of the client
	 */
	static String fallbackPath(String path) {
		return path.substring(0, path.lastIndexOf('/') + 1) + FALLBACK;
	}

	@Override
	public void handleRequest(HttpServletRequest request, HttpServletResponse response)
			throws ServletException, IOException {
		checkRequest(request);
		response.setHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
		if (new ServletWebRequest(request, response).checkNotModified(this.etag)) {
			return;
		}
		response.setContentType("text/javascript;charset=utf-8");
		response.setContentLength(this.content.length);
		// the container leaves out the body of an answer to HEAD
		response.getOutputStream().write(this.content);
	}

	private static byte[] read(String name) {
		ClassPathResource resource = new ClassPathResource(FOLDER + name, ClientScript.class.getClassLoader());
		try (InputStream in = resource.getInputStream()) {
			return in.readAllBytes();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String digest(byte[] content) {
		try {
			return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, 16);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
