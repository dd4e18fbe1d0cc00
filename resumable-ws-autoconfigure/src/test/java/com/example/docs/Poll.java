package com.example.docs;

import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSession;

import org.springframework.stereotype.Component;

// tag::after[]
@Component
class Poll {

	@ClientMessageMapping("vote")
	void vote(Vote vote, ResumableSession session) {
		session.publish("vote_counted", vote);
	}

	record Vote(String option) {

	}

}
// end::after[]
