/**
 * A chat on resumable WebSockets, as an example of an application with the starter.
 */
@NullMarked
package com.example.chat;

import org.jspecify.annotations.NullMarked;
