/**
 * Health, the actuator endpoint and the gauges.
 */
@NullMarked
package dev.resumablews.internal.operations;

import org.jspecify.annotations.NullMarked;
