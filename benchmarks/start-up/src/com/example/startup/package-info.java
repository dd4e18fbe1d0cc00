/**
 * An application that does nothing but start.
 */
@NullMarked
package com.example.startup;

import org.jspecify.annotations.NullMarked;
