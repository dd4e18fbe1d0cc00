/**
 * A chat on resumable WebSockets: what an application adds to the starter.
 */
@NullMarked
package com.example.chat;

import org.jspecify.annotations.NullMarked;
