package com.example.docs;

import dev.resumablews.ResumableSessions;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

// tag::presence[]
@RestController
class OnlineController {

	private final ResumableSessions sessions;

	OnlineController(ResumableSessions sessions) {
		this.sessions = sessions;
	}

	@GetMapping("/users/{id}/online")
	boolean online(@PathVariable String id) {
		return this.sessions.connectionCount(id) > 0;
	}

}
// end::presence[]
