package dev.resumablews.internal.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

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
 * Serves a script of the client. Browsers cache it and revalidate it each time, because
 * its name does not contain the version and a page must not run the script of a previous
 * version. Safe for use by many threads.
 */
public final class ClientScript extends WebContentGenerator implements HttpRequestHandler {

	/**
	 * Class path folder of the scripts.
	 */
	static final String FOLDER = "dev/resumablews/client/";

	private static final String CLIENT = "client.js";

	/**
	 * Scripts in addition to the client: one that the client loads on demand, and one for
	 * pages.
	 */
	private static final List<String> OTHERS = List.of("http.js", "unsent.js");

	/**
	 * Before the application's controllers, because one of them may be mapped to all
	 * paths.
	 */
	private static final int ORDER = -1;

	private final byte[] content;

	private final String etag;

	private ClientScript(byte[] content) {
		super(HttpMethod.GET.name(), HttpMethod.HEAD.name());
		this.content = content;
		// weak, because web servers do not compress responses with a strong one
		this.etag = "W/\"" + digest(content) + "\"";
	}

	/**
	 * Maps the scripts to paths.
	 * @param path the path of the client
	 */
	static SimpleUrlHandlerMapping mapping(String path) {
		Map<String, ClientScript> scripts = new HashMap<>();
		scripts.put(path, new ClientScript(read(CLIENT)));
		OTHERS.forEach((name) -> scripts.put(beside(path, name), new ClientScript(read(name))));
		return new SimpleUrlHandlerMapping(scripts, ORDER);
	}

	/**
	 * Returns the paths of all scripts.
	 * @param path the path of the client
	 */
	public static List<String> paths(String path) {
		return Stream.concat(Stream.of(path), OTHERS.stream().map((name) -> beside(path, name))).toList();
	}

	private static String beside(String path, String name) {
		return path.substring(0, path.lastIndexOf('/') + 1) + name;
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
		// the container omits the body of a response to HEAD
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
