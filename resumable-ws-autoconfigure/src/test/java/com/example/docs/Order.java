package com.example.docs;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

@Entity
@Table(name = "orders")
class Order {

	@Id
	private long id;

	private String customer = "";

	private boolean shipped;

	Order() {
	}

	Order(long id, String customer) {
		this.id = id;
		this.customer = customer;
	}

	long getId() {
		return this.id;
	}

	String getCustomer() {
		return this.customer;
	}

	boolean isShipped() {
		return this.shipped;
	}

	void ship() {
		this.shipped = true;
	}

}
