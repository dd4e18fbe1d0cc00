package dev.resumablews.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

import dev.resumablews.benchmarks.process.LoadProcess;
import dev.resumablews.benchmarks.process.Postgres;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.Servers;
import dev.resumablews.benchmarks.report.JsonFile;
import dev.resumablews.benchmarks.report.Machine;
import dev.resumablews.benchmarks.report.MarkdownTable;
import dev.resumablews.benchmarks.report.Report;
import dev.resumablews.benchmarks.report.SvgChart;
import dev.resumablews.benchmarks.scenario.Bench;
import dev.resumablews.benchmarks.scenario.Figures;
import dev.resumablews.benchmarks.scenario.Parameters;
import dev.resumablews.benchmarks.scenario.Scenario;
import dev.resumablews.benchmarks.scenario.Scenarios;

/**
 * Measures all scenarios and prints the results. The variants take turns in each round,
 * so that changes on the machine affect all of them.
 */
public final class Benchmarks {

	private static final String TABLE = "table.md";

	private final Options options;

	private final Bench bench;

	private final Figures figures = new Figures();

	private final List<String> notes = new ArrayList<>();

	private final BooleanSupplier stopping;

	private Benchmarks(Options options, Bench bench, BooleanSupplier stopping) {
		this.options = options;
		this.bench = bench;
		this.stopping = stopping;
	}

	/**
	 * Runs the benchmarks.
	 * @param args the options
	 * @throws IOException if the results cannot be written
	 */
	public static void main(String[] args) throws IOException {
		if (args.length > 0 && (args[0].equals("--help") || args[0].equals("--list"))) {
			System.out.print(args[0].equals("--help") ? Options.USAGE + Parameters.describe() : list());
			return;
		}
		Options options = Options.parse(args, Path.of(System.getProperty("benchmarks.home", "benchmarks")));
		Path results = options.home().resolve("results");
		Path logs = results.resolve("logs");
		Postgres postgres = (options.postgres() != null) ? Postgres.at(options.postgres())
				: Postgres.start(options.home().resolve("target/postgres"));
		Servers servers = new Servers(postgres, options.home().resolve("socketio"), logs, options.jvm());
		LoadProcess load = LoadProcess.start(logs);
		AtomicBoolean stopping = new AtomicBoolean();
		Thread stop = new Thread(() -> {
			stopping.set(true);
			stop(load, servers, postgres);
		});
		Runtime.getRuntime().addShutdownHook(stop);
		Bench bench = new Bench(postgres, servers, load, results, options.quick());
		new Benchmarks(options, bench, stopping::get).run(postgres, results);
		if (!stopping.get()) {
			System.out.println();
			System.out.print(Files.readString(results.resolve(TABLE)));
		}
	}

	/**
	 * Runs the scenarios. Writes the results after each group, so that an interrupted run
	 * leaves those that it has.
	 */
	private void run(Postgres postgres, Path results) throws IOException {
		List<String> machine = Machine.describe(postgres.version(), ServerSpec.OPTIONS);
		Map<String, List<Scenario>> groups = Scenarios.all(this.options.parameters())
			.stream()
			.filter((scenario) -> this.options.wants(scenario.group(), scenario.name()))
			.collect(Collectors.groupingBy(Scenario::group, LinkedHashMap::new, Collectors.toList()));
		List<Scenario> measured = new ArrayList<>();
		for (List<Scenario> scenarios : groups.values()) {
			scenarios.forEach(this::measure);
			if (this.stopping.getAsBoolean()) {
				return;
			}
			this.bench.stopAll();
			measured.addAll(scenarios);
			write(new Report(machine, measured, this.figures, this.options.rounds(), this.notes), results);
		}
	}

	private static void write(Report report, Path results) throws IOException {
		Files.writeString(results.resolve(TABLE), MarkdownTable.write(report));
		Files.writeString(results.resolve("results.json"), JsonFile.write(report));
		Files.writeString(results.resolve("chart.svg"), SvgChart.draw(report));
	}

	private void measure(Scenario scenario) {
		if (this.stopping.getAsBoolean()) {
			return;
		}
		System.out.println(scenario.title());
		List<String> variants = scenario.variants()
			.stream()
			.filter((variant) -> this.options.wants(variant) && (!this.options.quick() || scenario.isQuick(variant)))
			.toList();
		for (int round = 1; round <= this.options.rounds(); round++) {
			for (String variant : variants) {
				if (!this.stopping.getAsBoolean()) {
					measure(scenario, variant, round);
				}
			}
		}
	}

	private void measure(Scenario scenario, String variant, int round) {
		String name = "%s, %s, round %d".formatted(scenario.name(), variant, round);
		try {
			Map<String, Double> values = scenario.measure(variant, this.bench);
			this.figures.add(scenario.name(), variant, values);
			System.out.printf("  %-18s %s%n", variant, figures(scenario, values));
		}
		catch (RuntimeException ex) {
			if (this.stopping.getAsBoolean()) {
				return;
			}
			note(name + ": " + ex.getMessage());
		}
		this.bench.takeProblems()
			.forEach((problem,
					count) -> note("%s: %s%s".formatted(name, problem, (count > 1) ? " (" + count + " times)" : "")));
	}

	private void note(String note) {
		this.notes.add(note);
		System.out.println("  ! " + note);
	}

	private static String figures(Scenario scenario, Map<String, Double> values) {
		return scenario.metrics()
			.stream()
			.filter((metric) -> values.containsKey(metric.name()))
			.map((metric) -> "%,.3f %s".formatted(values.get(metric.name()), metric.unit()))
			.collect(Collectors.joining(", "));
	}

	private static String list() {
		return Scenarios.all(Parameters.parse(false, List.of()))
			.stream()
			.map((scenario) -> "%-9s %-14s %s%n".formatted(scenario.group(), scenario.name(),
					String.join(", ", scenario.variants())))
			.collect(Collectors.joining());
	}

	private static void stop(AutoCloseable... resources) {
		Arrays.stream(resources).forEach((resource) -> {
			try {
				resource.close();
			}
			catch (Exception ex) {
				System.err.println("Stopping failed: " + ex);
			}
		});
	}

}
