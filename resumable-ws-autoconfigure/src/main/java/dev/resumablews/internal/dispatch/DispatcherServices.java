package dev.resumablews.internal.dispatch;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.connection.StorageQuota;
import dev.resumablews.internal.handler.Handlers;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.relay.RelayMessages;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.reply.UserMessages;
import dev.resumablews.internal.workers.Workers;
import org.jspecify.annotations.Nullable;

/**
 * Collaborators of {@link ClientMessageDispatcher}.
 *
 * @param reader parses messages
 * @param messages stores user messages
 * @param replies cancels replies
 * @param once runs handlers idempotently
 * @param authenticator verifies tokens
 * @param handlers the application's handlers
 * @param ephemerals processes ephemeral messages
 * @param workers the thread pools
 * @param backlog bounds all queued messages
 * @param quota bounds what is stored per user
 * @param relays stores messages that are forwarded to an upstream; null if there is none
 * @param observations observes messages
 */
public record DispatcherServices(FrameReader reader, UserMessages messages, Replies replies, IdempotentExecutor once,
		HandshakeAuthenticator authenticator, Handlers handlers, EphemeralMessages ephemerals, Workers workers,
		MessageBacklog.Total backlog, StorageQuota quota, @Nullable RelayMessages relays, Observations observations) {

}
