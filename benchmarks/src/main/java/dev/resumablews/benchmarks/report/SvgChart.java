package dev.resumablews.benchmarks.report;

import java.util.List;
import java.util.Objects;

import dev.resumablews.benchmarks.scenario.Metric;
import dev.resumablews.benchmarks.scenario.Scenario;

/**
 * Draws a report as an SVG chart, with a bar for the first metric of each variant of each
 * scenario.
 */
public final class SvgChart {

	private static final int WIDTH = 900;

	private static final int LABELS = 150;

	private static final int BARS = 560;

	private static final int BAR = 16;

	private static final int LINE = 22;

	/**
	 * Characters in a line of a title.
	 */
	private static final int TITLE = 110;

	private static final String OURS = "#2b6cb0";

	private static final String OTHERS = "#a0aec0";

	private SvgChart() {
	}

	/**
	 * Draws a report.
	 * @param report the report
	 * @return the SVG document
	 */
	public static String draw(Report report) {
		StringBuilder body = new StringBuilder();
		int y = LINE;
		for (Scenario scenario : report.scenarios()) {
			Metric metric = scenario.metrics().get(0);
			List<String> variants = scenario.variants()
				.stream()
				.filter((variant) -> report.figures().median(scenario.name(), variant, metric.name()) != null)
				.toList();
			if (!variants.isEmpty()) {
				y = title(body, y, scenario.title() + " (" + metric.unit() + ")");
				y = bars(body, y + 8, report, scenario, metric, variants) + LINE;
			}
		}
		return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">%n"
			.formatted(WIDTH, y) + "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" + body + "</svg>\n";
	}

	/**
	 * Writes a title, in several lines if it is long.
	 * @return the position of its last line
	 */
	private static int title(StringBuilder body, int top, String title) {
		int y = top;
		String rest = title;
		while (rest.length() > TITLE) {
			int space = rest.lastIndexOf(' ', TITLE);
			text(body, 10, y, "bold", rest.substring(0, space));
			rest = rest.substring(space + 1);
			y += BAR;
		}
		text(body, 10, y, "bold", rest);
		return y;
	}

	private static int bars(StringBuilder body, int top, Report report, Scenario scenario, Metric metric,
			List<String> variants) {
		double most = variants.stream()
			.mapToDouble((variant) -> value(report, scenario, variant, metric))
			.max()
			.orElse(1);
		int y = top;
		for (String variant : variants) {
			double value = value(report, scenario, variant, metric);
			long width = Math.max(1, Math.round(BARS * value / Math.max(most, Double.MIN_NORMAL)));
			text(body, 10, y + BAR - 4, "normal", variant);
			body.append("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>%n".formatted(LABELS, y, width,
					BAR, variant.startsWith("ours") ? OURS : OTHERS));
			text(body, (int) (LABELS + width + 6), y + BAR - 4, "normal", Numbers.write(value));
			y += LINE;
		}
		return y + LINE / 2;
	}

	private static double value(Report report, Scenario scenario, String variant, Metric metric) {
		return Objects.requireNonNull(report.figures().median(scenario.name(), variant, metric.name()));
	}

	private static void text(StringBuilder body, int x, int y, String weight, String text) {
		body.append("<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>%n".formatted(x, y, weight,
				text.replace("&", "&amp;").replace("<", "&lt;")));
	}

}
