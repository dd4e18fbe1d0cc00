package dev.resumablews.internal.publish;

import java.util.function.Consumer;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EntityListeners;
import jakarta.persistence.Id;
import jakarta.persistence.PostPersist;
import jakarta.persistence.PostUpdate;
import jakarta.persistence.PrePersist;
import jakarta.persistence.PreUpdate;
import jakarta.persistence.Table;

/**
 * An entity of the applications in these tests.
 */
@Entity
@Table(name = "purchases")
@EntityListeners(Purchase.Listener.class)
class Purchase {

	@Id
	private int id;

	@Column(unique = true)
	private int number;

	Purchase() {
	}

	Purchase(int id, int number) {
		this.id = id;
		this.number = number;
	}

	int getId() {
		return this.id;
	}

	void setNumber(int number) {
		this.number = number;
	}

	/**
	 * Calls a callback of a test when a flush writes an entity.
	 */
	static class Listener {

		static volatile Consumer<String> callback = (moment) -> {
		};

		@PrePersist
		void prePersist(Purchase purchase) {
			callback.accept("pre_persist");
		}

		@PostPersist
		void postPersist(Purchase purchase) {
			callback.accept("post_persist");
		}

		@PreUpdate
		void preUpdate(Purchase purchase) {
			callback.accept("pre_update");
		}

		@PostUpdate
		void postUpdate(Purchase purchase) {
			callback.accept("post_update");
		}

	}

}
