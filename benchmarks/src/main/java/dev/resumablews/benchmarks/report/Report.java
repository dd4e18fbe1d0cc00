package dev.resumablews.benchmarks.report;

import java.util.List;

import dev.resumablews.benchmarks.scenario.Figures;
import dev.resumablews.benchmarks.scenario.Scenario;

/**
 * Results of a run.
 *
 * @param machine description of the machine, one line for each property
 * @param scenarios the measured scenarios
 * @param figures the figures
 * @param rounds number of rounds
 * @param notes problems
 */
public record Report(List<String> machine, List<Scenario> scenarios, Figures figures, int rounds, List<String> notes) {

}
