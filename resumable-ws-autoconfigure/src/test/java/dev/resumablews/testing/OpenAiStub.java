package dev.resumablews.testing;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import tools.jackson.databind.json.JsonMapper;

/**
 * An HTTP server that simulates OpenAI's {@code POST /v1/chat/completions}, with and
 * without streaming. A test sets the answers, and can inspect the requests and whether a
 * client disconnected early. Each connection serves one request, so that the end of its
 * input means that the client has disconnected. Safe for use by many threads.
 */
public final class OpenAiStub implements AutoCloseable {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private final ServerSocket listener;

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "openai-stub");
		thread.setDaemon(true);
		return thread;
	});

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private final List<OpenAiExchange> exchanges = new CopyOnWriteArrayList<>();

	private final Semaphore arrivals = new Semaphore(0);

	private final Queue<OpenAiAnswer> next = new ConcurrentLinkedQueue<>();

	private volatile Function<OpenAiExchange, OpenAiAnswer> defaultAnswer = (exchange) -> OpenAiAnswer.of("Hello", ".");

	private OpenAiStub(ServerSocket listener) {
		this.listener = listener;
	}

	/**
	 * Starts a server that answers "Hello." to every request.
	 * @return the server
	 */
	public static OpenAiStub start() {
		try {
			OpenAiStub stub = new OpenAiStub(new ServerSocket(0, 200, InetAddress.getLoopbackAddress()));
			stub.threads.execute(stub::accept);
			return stub;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the value for {@code spring.ai.openai.base-url}.
	 * @return the URL, ending in {@code /v1}
	 */
	public String baseUrl() {
		return "http://" + this.listener.getInetAddress().getHostAddress() + ":" + this.listener.getLocalPort() + "/v1";
	}

	/**
	 * Sets the answer to all further requests.
	 * @param answer the answer
	 */
	public void answer(OpenAiAnswer answer) {
		answer((exchange) -> answer);
	}

	/**
	 * Sets the function that returns the answer to each further request.
	 * @param answer the function
	 */
	public void answer(Function<OpenAiExchange, OpenAiAnswer> answer) {
		this.defaultAnswer = answer;
	}

	/**
	 * Sets the answers to the next requests, in order. Later requests get the answer that
	 * was set before.
	 * @param answers the answers
	 */
	public void answerNext(OpenAiAnswer... answers) {
		this.next.addAll(List.of(answers));
	}

	/**
	 * Returns the requests received so far.
	 * @return the requests, in order
	 */
	public List<OpenAiExchange> exchanges() {
		return List.copyOf(this.exchanges);
	}

	/**
	 * Waits for the next request that no earlier call has returned. Not thread-safe.
	 * @param atMost the maximum time to wait
	 * @return the request
	 */
	public OpenAiExchange awaitExchange(Duration atMost) {
		try {
			if (!this.arrivals.tryAcquire(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
				throw new AssertionError("No request after " + atMost);
			}
			return this.exchanges.get(this.exchanges.size() - this.arrivals.availablePermits() - 1);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new AssertionError(ex);
		}
	}

	@Override
	public void close() {
		Sockets.close(this.listener);
		this.exchanges.forEach((exchange) -> exchange.end(OpenAiExchange.End.BROKEN));
		this.sockets.forEach(Sockets::close);
		this.threads.shutdownNow();
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket socket = this.listener.accept();
				this.sockets.add(socket);
				this.threads.execute(() -> serve(socket));
			}
			catch (IOException ex) {
				// closed
			}
		}
	}

	private void serve(Socket socket) {
		try (socket) {
			socket.setTcpNoDelay(true);
			InputStream in = new BufferedInputStream(socket.getInputStream());
			HttpHead head = HttpHead.read(in);
			if (head == null) {
				return;
			}
			OpenAiExchange exchange = receive(head, in);
			OpenAiAnswer answer = answerTo(exchange);
			this.threads.execute(() -> new OpenAiWriter(socket, exchange, answer).write());
			awaitDisconnect(in);
			exchange.end(OpenAiExchange.End.ABORTED_BY_CLIENT);
		}
		catch (IOException ex) {
			// the client disconnected before it sent a request
		}
		finally {
			this.sockets.remove(socket);
		}
	}

	private OpenAiExchange receive(HttpHead head, InputStream in) throws IOException {
		String path = head.startLine().split(" ")[1];
		OpenAiExchange exchange = new OpenAiExchange(path, head, JSON.readTree(head.body(in, false)));
		synchronized (this) {
			this.exchanges.add(exchange);
			this.arrivals.release();
		}
		return exchange;
	}

	private OpenAiAnswer answerTo(OpenAiExchange exchange) {
		if (!exchange.path().equals("/v1/chat/completions")) {
			return OpenAiAnswer.error(404);
		}
		OpenAiAnswer answer = this.next.poll();
		return (answer != null) ? answer : this.defaultAnswer.apply(exchange);
	}

	private static void awaitDisconnect(InputStream in) {
		try {
			in.transferTo(OutputStream.nullOutputStream());
		}
		catch (IOException ex) {
			// reset by the client, or closed by the writer
		}
	}

}
