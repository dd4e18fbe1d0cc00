package dev.resumablews.internal.node;

import java.util.UUID;

/**
 * The name of this node, a new one each time the application starts.
 *
 * @param value the name
 */
public record NodeId(UUID value) {

}
