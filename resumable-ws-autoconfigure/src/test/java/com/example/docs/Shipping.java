package com.example.docs;

import java.util.Map;

import dev.resumablews.ResumableSessions;
import jakarta.persistence.EntityManager;

import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

// tag::jpa[]
@Service
class Shipping {

	private final EntityManager entities;

	private final ResumableSessions sessions;

	Shipping(EntityManager entities, ResumableSessions sessions) {
		this.entities = entities;
		this.sessions = sessions;
	}

	@Transactional
	void ship(long id) {
		Order order = this.entities.find(Order.class, id);
		order.ship();
		this.sessions.publishToUser(order.getCustomer(), "order_shipped", Map.of("order", id));
	}

}
// end::jpa[]
