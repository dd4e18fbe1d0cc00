package dev.resumablews.internal.admission;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ConnectionPlacesTests {

	private final ConnectionPlaces places = new ConnectionPlaces();

	@Test
	void aConnectionTakesItsReservedPlace() {
		this.places.reserve("ada", 0);
		assertThat(this.places.of("ada")).isOne();
		this.places.take("ada");
		assertThat(this.places.of("ada")).isOne();
		assertThat(this.places.total()).isOne();
		assertThat(this.places.reserved()).isZero();
		this.places.free("ada");
		assertThat(this.places.total()).isZero();
		assertThat(this.places.of("ada")).isZero();
	}

	@Test
	void aCancelledReservationFreesItsPlace() {
		this.places.reserve("ada", 0);
		this.places.reserve("bob", 0);
		this.places.cancel("ada");
		this.places.cancel("ada");
		assertThat(this.places.of("ada")).isZero();
		assertThat(this.places.of("bob")).isOne();
		assertThat(this.places.total()).isOne();
	}

	@Test
	void aReservationExpires() {
		long later = Duration.ofSeconds(31).toNanos();
		this.places.reserve("ada", 0);
		this.places.reserve("ada", later);
		this.places.take("bob");
		this.places.expire(later);
		assertThat(this.places.of("ada")).isOne();
		assertThat(this.places.of("bob")).isOne();
		assertThat(this.places.total()).isEqualTo(2);
	}

	@Test
	void aConnectionThatOpensAfterItsReservationExpiredCountsOnce() {
		long later = Duration.ofSeconds(31).toNanos();
		this.places.reserve("ada", 0);
		this.places.expire(later);
		this.places.take("ada");
		assertThat(this.places.of("ada")).isOne();
		assertThat(this.places.total()).isOne();
	}

}
