package dev.resumablews.internal.handler;

import java.util.function.Consumer;

import dev.resumablews.ClientMessage;

/**
 * Which code of the application handles a type of message.
 *
 * @param type the type
 * @param ephemeral whether the messages are ephemeral
 * @param name the class or method, for messages to the developer
 * @param target handles a message
 */
record Mapping(String type, boolean ephemeral, String name, Consumer<ClientMessage> target) {

}
