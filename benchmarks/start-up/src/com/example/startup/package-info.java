/**
 * An application that only starts.
 */
@NullMarked
package com.example.startup;

import org.jspecify.annotations.NullMarked;
