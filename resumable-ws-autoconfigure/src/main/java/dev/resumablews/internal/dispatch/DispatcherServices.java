package dev.resumablews.internal.dispatch;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.connection.StorageQuota;
import dev.resumablews.internal.handler.Handlers;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.relay.RelayMessages;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.reply.UserMessages;
import dev.resumablews.internal.workers.Workers;
import org.jspecify.annotations.Nullable;

/**
 * What is needed to handle the messages of clients.
 *
 * @param reader reads them
 * @param messages stores user messages
 * @param replies cancels replies
 * @param once handles the application's messages once
 * @param authenticator verifies tokens
 * @param handlers the application's handlers
 * @param ephemerals handles ephemeral messages
 * @param workers the threads
 * @param backlog what all messages that wait take
 * @param quota how much may be stored for a user
 * @param relays stores messages that are forwarded to an upstream; null if there is none
 */
public record DispatcherServices(FrameReader reader, UserMessages messages, Replies replies, IdempotentExecutor once,
		HandshakeAuthenticator authenticator, Handlers handlers, EphemeralMessages ephemerals, Workers workers,
		MessageBacklog.Total backlog, StorageQuota quota, @Nullable RelayMessages relays) {

}
