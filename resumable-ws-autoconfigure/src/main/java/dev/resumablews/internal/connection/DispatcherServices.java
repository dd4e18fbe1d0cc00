package dev.resumablews.internal.connection;

import java.util.Map;
import java.util.concurrent.Executor;

import dev.resumablews.ClientMessageHandler;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.reply.Replies;

/**
 * What is needed to handle the messages of clients.
 *
 * @param reader reads them
 * @param replies takes user messages
 * @param once handles the application's messages once
 * @param authenticator verifies tokens
 * @param handlers the application's handlers, by type
 * @param handling runs handlers apart from the threads that messages come in on
 */
record DispatcherServices(FrameReader reader, Replies replies, IdempotentExecutor once,
		HandshakeAuthenticator authenticator, Map<String, ClientMessageHandler> handlers, Executor handling) {

}
