package com.example.chat;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.SessionSummary;
import jakarta.servlet.http.HttpServletRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Endpoints of the current user's conversations. A conversation is a session that has a
 * message.
 */
@RestController
class ConversationsController {

	/**
	 * The default limit of sessions per user.
	 */
	private static final int MAX_SESSIONS = 1000;

	private static final int PAGE = 100;

	private static final int TITLE_LENGTH = 200;

	private final ResumableSessions sessions;

	private final UserCookie cookies;

	private final ConversationEraser eraser;

	private final JsonMapper json;

	ConversationsController(ResumableSessions sessions, UserCookie cookies, ConversationEraser eraser,
			JsonMapper json) {
		this.sessions = sessions;
		this.eraser = eraser;
		this.cookies = cookies;
		this.json = json;
	}

	/**
	 * Lists conversations, the most recently active first. If there is more than one
	 * page, a {@code Link} header with {@code rel="next"} leads to the next. Titles are
	 * read from the log one by one, which suffices for a page but does not scale.
	 * @param offset number of conversations to skip
	 */
	@GetMapping("/api/conversations")
	ResponseEntity<List<Conversation>> list(@RequestParam(defaultValue = "0") int offset, HttpServletRequest request) {
		if (offset < 0) {
			throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "'offset' must be zero or more");
		}
		List<SessionSummary> found = this.sessions.list(user(request), MAX_SESSIONS);
		List<Conversation> page = found.stream()
			.skip(offset)
			.limit(PAGE)
			.map((session) -> new Conversation(session.sessionId(), title(session), session.createdAt(),
					session.lastActiveAt()))
			.toList();
		ResponseEntity.BodyBuilder response = ResponseEntity.ok().cacheControl(CacheControl.noStore());
		int next = offset + page.size();
		if (next < found.size() && !page.isEmpty()) {
			response.header(HttpHeaders.LINK, "</api/conversations?offset=%d>; rel=\"next\"".formatted(next));
		}
		return response.body(page);
	}

	/**
	 * Deletes a conversation permanently, on all devices.
	 */
	@DeleteMapping("/api/conversations/{id}")
	@ResponseStatus(HttpStatus.NO_CONTENT)
	void delete(@PathVariable UUID id, HttpServletRequest request) {
		String user = user(request);
		boolean deleted = this.sessions.find(id).filter((session) -> session.userId().equals(user)).isPresent()
				&& this.eraser.delete(id);
		if (!deleted) {
			// a conversation of another user must look like one that does not exist
			throw new ResponseStatusException(HttpStatus.NOT_FOUND, "No such conversation");
		}
	}

	private String user(HttpServletRequest request) {
		return this.cookies.userOf(request)
			.map(UUID::toString)
			.orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED, "Sign in first"));
	}

	/**
	 * Returns the first message, or an empty text if the cleanup has removed it.
	 */
	private String title(SessionSummary session) {
		return this.sessions.history(session.sessionId(), 0, 1).stream().map(this::content).findFirst().orElse("");
	}

	private String content(SessionEvent event) {
		JsonNode payload = this.json.readTree(event.payload());
		String said = switch (event.type()) {
			case "user_message" -> payload.path("content").asString("");
			case RealtimeRelay.TYPE -> payload.path("message").path("text").asString("");
			default -> "";
		};
		return Texts.quote(said, TITLE_LENGTH);
	}

	/**
	 * A conversation.
	 *
	 * @param id id of its session
	 * @param title its first message; empty if that was removed
	 * @param createdAt time of its creation
	 * @param lastActiveAt time of its last activity
	 */
	record Conversation(UUID id, String title, Instant createdAt, Instant lastActiveAt) {
	}

}
