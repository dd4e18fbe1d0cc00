package dev.resumablews.internal.node;

import java.util.UUID;

/**
 * Identifies this node. Generated at each start of the application.
 *
 * @param value the identifier
 */
public record NodeId(UUID value) {

}
