package dev.resumablews.internal.protocol;

import java.util.stream.Stream;

import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import dev.resumablews.internal.protocol.ServerMessage.Pong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.StringNode;

import static org.assertj.core.api.Assertions.assertThat;

class FrameWriterTests {

	private final FrameWriter writer = new FrameWriter();

	@ParameterizedTest
	@MethodSource
	void framesThatQuoteAClientAreWellFormed(ServerMessage message) {
		assertThat(this.writer.write(message)).contains("\uFFFD and \uD83D\uDE00")
			.matches((text) -> WellFormed.unicode(text).equals(text));
	}

	static Stream<ServerMessage> framesThatQuoteAClientAreWellFormed() {
		String cut = "\uD83D and \uD83D\uDE00";
		return Stream.of(new Pong(StringNode.valueOf(cut)), new ErrorMessage(ErrorCode.UNKNOWN_TYPE, cut, null));
	}

}
