/**
 * Health indicator, actuator endpoint and gauges.
 */
@NullMarked
package dev.resumablews.internal.operations;

import org.jspecify.annotations.NullMarked;
