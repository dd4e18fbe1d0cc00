package com.example.docs;

import java.util.Map;
import java.util.UUID;

import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSession;
import dev.resumablews.ResumableSessions;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.scheduling.annotation.Async;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.event.TransactionalEventListener;

// tag::progress[]
@Component
class Exports {

	private final ResumableSessions sessions;

	private final ApplicationEventPublisher events;

	Exports(ResumableSessions sessions, ApplicationEventPublisher events) {
		this.sessions = sessions;
		this.events = events;
	}

	@ClientMessageMapping("export")
	@Transactional
	void request(ExportRequest request, ResumableSession session) {
		this.events.publishEvent(new ExportRequested(session.id(), request.pages()));
	}

	// runs after the commit, so once for each idempotency key
	@Async
	@TransactionalEventListener
	void run(ExportRequested export) {
		for (int page = 1; page <= export.pages(); page++) {
			// ...
			this.sessions.sendEphemeral(export.session(), "export_progress", Map.of("page", page));
		}
		this.sessions.publish(export.session(), "export_finished", Map.of("pages", export.pages()));
	}

	record ExportRequest(int pages) {

	}

	record ExportRequested(UUID session, int pages) {

	}

}
// end::progress[]
