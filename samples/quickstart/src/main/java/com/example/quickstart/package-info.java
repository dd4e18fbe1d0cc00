/**
 * The application of the README's quick start.
 */
@NullMarked
package com.example.quickstart;

import org.jspecify.annotations.NullMarked;
