package dev.resumablews.internal.concurrent;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;

import org.jspecify.annotations.Nullable;

/**
 * Executor that shares the threads of another executor fairly among owners. Owners take
 * turns, so an owner with many tasks does not delay an owner with few. The number of
 * concurrent tasks is limited in total and for each owner. Tasks of one owner start in
 * order. Safe for use by many threads.
 */
public final class FairExecutor {

	private final Executor threads;

	private final int concurrent;

	private final int concurrentPerOwner;

	/**
	 * Owners with queued or running tasks.
	 */
	private final Map<String, Owner> owners = new HashMap<>();

	/**
	 * Owners whose next task may start, in order.
	 */
	private final Deque<Owner> ready = new ArrayDeque<>();

	private int running;

	/**
	 * Creates an executor.
	 * @param threads runs the tasks; may discard them once it is shut down
	 * @param concurrent maximum number of concurrent tasks
	 * @param concurrentPerOwner maximum number of concurrent tasks of one owner
	 */
	public FairExecutor(Executor threads, int concurrent, int concurrentPerOwner) {
		this.threads = threads;
		this.concurrent = concurrent;
		this.concurrentPerOwner = concurrentPerOwner;
	}

	/**
	 * Returns an executor for the tasks of an owner.
	 * @param owner the owner
	 * @return the executor
	 */
	public Executor of(String owner) {
		return (task) -> execute(owner, task);
	}

	/**
	 * Runs a task when it is its owner's turn. If the turn is immediate and the other
	 * executor rejects the task, the task is dropped and the rejection is thrown.
	 * @param ownerId the owner
	 * @param task the task
	 */
	public void execute(String ownerId, Runnable task) {
		Task own = new Task(ownerId, task);
		synchronized (this) {
			Owner owner = this.owners.computeIfAbsent(ownerId, (id) -> new Owner());
			owner.tasks.add(own);
			makeReady(owner);
		}
		startNext(own);
	}

	/**
	 * Starts as many tasks as the limits allow. If no thread is available, a task that
	 * was queued earlier stays first in line and is retried with the next one.
	 * @param added the task that was added; null if a task has ended
	 */
	private void startNext(@Nullable Task added) {
		for (Task task = next(); task != null; task = next()) {
			try {
				this.threads.execute(task);
			}
			catch (Throwable ex) {
				putBack(task, task != added);
				if (task == added) {
					throw ex;
				}
				return;
			}
		}
	}

	private synchronized @Nullable Task next() {
		Owner owner = (this.running < this.concurrent) ? this.ready.poll() : null;
		if (owner == null) {
			return null;
		}
		owner.ready = false;
		Task task = owner.tasks.remove();
		owner.running++;
		this.running++;
		makeReady(owner);
		return task;
	}

	private synchronized void putBack(Task task, boolean again) {
		if (again) {
			owner(task).tasks.addFirst(task);
		}
		ended(task);
	}

	private void end(Task task) {
		synchronized (this) {
			ended(task);
		}
		startNext(null);
	}

	private void ended(Task task) {
		this.running--;
		Owner owner = owner(task);
		owner.running--;
		makeReady(owner);
		if (owner.running == 0 && owner.tasks.isEmpty()) {
			this.owners.remove(task.ownerId);
		}
	}

	private Owner owner(Task task) {
		return Objects.requireNonNull(this.owners.get(task.ownerId));
	}

	private void makeReady(Owner owner) {
		if (!owner.ready && !owner.tasks.isEmpty() && owner.running < this.concurrentPerOwner) {
			owner.ready = true;
			this.ready.add(owner);
		}
	}

	/**
	 * Guarded by the executor's lock.
	 */
	private static final class Owner {

		private final Deque<Task> tasks = new ArrayDeque<>(1);

		private int running;

		/**
		 * Whether the owner is in {@link #ready}.
		 */
		private boolean ready;

	}

	private final class Task implements Runnable {

		private final String ownerId;

		private final Runnable task;

		Task(String ownerId, Runnable task) {
			this.ownerId = ownerId;
			this.task = task;
		}

		@Override
		public void run() {
			try {
				this.task.run();
			}
			finally {
				end(this);
			}
		}

	}

}
