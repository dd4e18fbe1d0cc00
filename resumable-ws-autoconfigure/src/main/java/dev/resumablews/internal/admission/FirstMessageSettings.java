package dev.resumablews.internal.admission;

import java.time.Duration;

/**
 * Limits of unauthenticated WebSockets.
 *
 * @param timeout time within which the first message must arrive
 * @param maxPerAddress maximum number per address
 * @param maxTotal maximum number per node
 */
record FirstMessageSettings(Duration timeout, int maxPerAddress, int maxTotal) {

}
