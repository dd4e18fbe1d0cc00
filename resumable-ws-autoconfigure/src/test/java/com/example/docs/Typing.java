package com.example.docs;

import java.util.Map;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSession;

import org.springframework.stereotype.Component;

// tag::typing[]
@Component
class Typing {

	@ClientMessageMapping(value = "typing", ephemeral = true)
	void typing(ResumableSession session, AuthenticatedUser user) {
		session.sendEphemeralToOthers(Map.of("by", user.userId()));
	}

}
// end::typing[]
