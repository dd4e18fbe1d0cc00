package dev.resumablews.benchmarks.report;

import java.util.List;

import dev.resumablews.benchmarks.scenario.Figures;
import dev.resumablews.benchmarks.scenario.Scenario;

/**
 * What a run has shown.
 *
 * @param machine where, a line for each thing there is to know
 * @param scenarios what was measured
 * @param figures the figures
 * @param rounds how often each variant was measured
 * @param notes what went wrong
 */
public record Report(List<String> machine, List<Scenario> scenarios, Figures figures, int rounds, List<String> notes) {

}
