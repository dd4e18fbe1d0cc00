package dev.resumablews.internal.admission;

import java.time.Duration;

/**
 * Limits of WebSockets whose clients have not said who they are.
 *
 * @param timeout time in which the first message must come
 * @param maxPerAddress how many one address may have
 * @param maxTotal how many a node may have
 */
record FirstMessageSettings(Duration timeout, int maxPerAddress, int maxTotal) {

}
