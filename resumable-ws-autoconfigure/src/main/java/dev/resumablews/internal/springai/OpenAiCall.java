package dev.resumablews.internal.springai;

import java.io.IOException;

import okhttp3.Call;
import okhttp3.Interceptor;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Okio;
import org.jspecify.annotations.Nullable;

/**
 * One call of OpenAI's model, which consists of several HTTP calls if the client retries.
 * Safe for use by many threads.
 */
final class OpenAiCall {

	private final Runnable alive;

	private final DirectText directText;

	private @Nullable Call call;

	private boolean cancelled;

	/**
	 * Creates a call.
	 * @param alive run when the server sends anything
	 * @param directText receives the text
	 */
	OpenAiCall(Runnable alive, DirectText directText) {
		this.alive = alive;
		this.directText = directText;
	}

	/**
	 * Makes an HTTP call.
	 * @return the response; an empty one if this call was already cancelled, so that the
	 * client does not retry
	 */
	Response proceed(Interceptor.Chain chain, Request request) throws IOException {
		if (!begin(chain.call())) {
			return emptyResponse(request);
		}
		Response response = chain.proceed(request);
		this.alive.run();
		ResponseBody body = response.body();
		if (body == null || !response.isSuccessful()) {
			return response;
		}
		OpenAiEventSource events = new OpenAiEventSource(body.source(), response.header("Content-Type"), this);
		return response.newBuilder().body(ResponseBody.create(Okio.buffer(events), body.contentType(), -1)).build();
	}

	void alive() {
		this.alive.run();
	}

	DirectText directText() {
		return this.directText;
	}

	/**
	 * Closes the connection of the current HTTP call, and prevents further ones.
	 */
	void cancel() {
		Call current;
		synchronized (this) {
			this.cancelled = true;
			current = this.call;
		}
		if (current != null) {
			current.cancel();
		}
	}

	synchronized boolean isCancelled() {
		return this.cancelled;
	}

	private synchronized boolean begin(Call call) {
		this.call = call;
		return !this.cancelled;
	}

	static Response emptyResponse(Request request) {
		return new Response.Builder().request(request)
			.protocol(Protocol.HTTP_1_1)
			.code(200)
			.message("Cancelled")
			.body(ResponseBody.create("", null))
			.build();
	}

}
