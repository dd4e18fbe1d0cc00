package com.example.chat;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Main class of the chat sample.
 */
@SpringBootApplication
class ChatApplication {

	public static void main(String[] args) {
		// Tomcat allocates buffers of this size for every WebSocket as it opens, 8 KiB
		// each by default, and reads the size only from a system property
		if (System.getProperty("org.apache.tomcat.websocket.DEFAULT_BUFFER_SIZE") == null) {
			System.setProperty("org.apache.tomcat.websocket.DEFAULT_BUFFER_SIZE", "1024");
		}
		SpringApplication.run(ChatApplication.class, args);
	}

}
