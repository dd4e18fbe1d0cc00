package dev.resumablews.internal.handler;

import java.util.function.Consumer;

import dev.resumablews.ClientMessage;

/**
 * Mapping of a message type to code of the application.
 *
 * @param type the type
 * @param ephemeral whether the messages are ephemeral
 * @param name the class or method, for log messages
 * @param target the handler
 */
record Mapping(String type, boolean ephemeral, String name, Consumer<ClientMessage> target) {

}
