package com.example.docs;

import java.util.UUID;

import dev.resumablews.ClientConnectedEvent;
import dev.resumablews.ClientTransport;

import org.springframework.context.event.EventListener;

/**
 * The code of docs/operations.md.
 */
final class OperationsCode {

	private final Audit audit;

	OperationsCode(Audit audit) {
		this.audit = audit;
	}

	@EventListener
	void connected(ClientConnectedEvent event) {
		this.audit.note(event.userId(), event.sessionId(), event.transport());
	}

	interface Audit {

		void note(String userId, UUID sessionId, ClientTransport transport);

	}

}
