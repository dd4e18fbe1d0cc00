package dev.resumablews.benchmarks.scenario;

import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link Parameters}.
 */
class ParametersTests {

	@Test
	void aParameterThatIsNotSetHasItsDefault() {
		Parameters parameters = Parameters.parse(false, List.of("avalanche.clients=7,8"));
		assertThat(parameters.all(Parameter.AVALANCHE_CLIENTS)).containsExactly(7, 8);
		assertThat(parameters.number(Parameter.JITTER_CLIENTS)).isEqualTo(200);
		assertThat(Parameters.parse(true, List.of()).number(Parameter.JITTER_CLIENTS)).isEqualTo(20);
	}

	@Test
	void anUnknownNameIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> Parameters.parse(false, List.of("clients=7")))
			.withMessageContaining("'clients=7'")
			.withMessageContaining("jitter.clients");
	}

}
