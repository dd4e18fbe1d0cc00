package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Calls a generator for one reply and receives its parts. Application code runs on the
 * reply's thread or on the context's executor. Safe for use by many threads.
 */
final class GeneratorCall implements Runnable, Subscriber<ReplyPart> {

	private static final Log logger = LogFactory.getLog(GeneratorCall.class);

	private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

	private final Reply reply;

	private final ReplyContext context;

	private final ReplyGenerator generator;

	private final Object lock = new Object();

	private @Nullable Thread worker;

	private @Nullable Subscription subscription;

	private boolean stopped;

	GeneratorCall(Reply reply, ReplyContext context, ReplyGenerator generator) {
		this.reply = reply;
		this.context = context;
		this.generator = generator;
	}

	/**
	 * Reads the conversation and calls the generator, unless this call was already
	 * stopped. Returns when the generator does.
	 */
	@Override
	public void run() {
		synchronized (this.lock) {
			if (this.stopped) {
				return;
			}
			this.worker = Thread.currentThread();
		}
		try {
			ReplyRequest request = request();
			this.reply.onCall();
			Publisher<ReplyPart> publisher = (this.generator instanceof LiveReplyGenerator live)
					? live.generate(request, this.reply::alive) : this.generator.generate(request);
			this.reply.scope().in(publisher).subscribe(this);
		}
		catch (InterruptedException ex) {
			this.reply.fail(ReplyFailure.INTERRUPTED);
		}
		catch (Throwable ex) {
			this.reply.onError(ex);
		}
		finally {
			synchronized (this.lock) {
				this.worker = null;
			}
			// clears an interrupt of the ended reply before the thread is reused
			Thread.interrupted();
		}
	}

	private ReplyRequest request() throws InterruptedException {
		ClaimedReply claim = this.reply.claim();
		ReplySettings settings = this.context.settings();
		while (true) {
			try {
				return new ReplyRequest(claim.sessionId(), claim.userId(), claim.messageId(), claim.inReplyTo(),
						this.context.log()
							.conversation(claim.sessionId(), claim.inReplyTo(), settings.historyMessages(),
									settings.historyCharacters()));
			}
			catch (EventLogUnavailableException ex) {
				logger.debug("Reply " + claim.messageId() + " waits for the event log", ex);
				LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
				if (Thread.interrupted()) {
					throw new InterruptedException();
				}
			}
		}
	}

	/**
	 * Requests more parts on the context's executor, because a generator may work in this
	 * call and the caller may be the log's writer thread.
	 */
	void request(int demand) {
		Subscription upstream = subscription();
		if (upstream == null) {
			return;
		}
		try {
			this.context.executor().execute(() -> this.reply.scope().run(() -> {
				try {
					upstream.request(demand);
				}
				catch (Throwable ex) {
					this.reply.onError(ex);
				}
			}));
		}
		catch (RejectedExecutionException ex) {
			this.reply.fail(ReplyFailure.INTERRUPTED);
		}
	}

	/**
	 * Interrupts the call and cancels the subscription. Waits for neither.
	 * @param activity the activity, for the log
	 */
	void stop(String activity) {
		Subscription upstream;
		synchronized (this.lock) {
			this.stopped = true;
			upstream = this.subscription;
			if (this.worker != null && this.worker != Thread.currentThread()) {
				this.worker.interrupt();
			}
		}
		if (upstream != null) {
			this.context.callBack(activity, () -> this.reply.scope().run(upstream::cancel));
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		boolean refused;
		synchronized (this.lock) {
			refused = this.stopped || this.subscription != null;
			if (!refused) {
				this.subscription = subscription;
			}
		}
		int demand = refused ? 0 : this.reply.onSubscribe();
		if (demand > 0) {
			subscription.request(demand);
		}
		else {
			subscription.cancel();
		}
	}

	@Override
	public void onNext(ReplyPart part) {
		int demand = this.reply.onNext(part);
		Subscription upstream = subscription();
		if (demand > 0 && upstream != null) {
			upstream.request(demand);
		}
	}

	@Override
	public void onError(Throwable ex) {
		this.reply.onError(ex);
	}

	@Override
	public void onComplete() {
		this.reply.onComplete();
	}

	private @Nullable Subscription subscription() {
		synchronized (this.lock) {
			return this.subscription;
		}
	}

}
