package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;

/**
 * Records the frames that Chromium paints in a tab, with their times. Frames arrive while
 * Playwright waits. Not thread-safe.
 */
final class Screencast {

	private static final double LAST_FRAME_SECONDS = 2;

	private final CDPSession devTools;

	private final Path folder;

	private final List<Frame> frames = new ArrayList<>();

	private Screencast(CDPSession devTools, Path folder) {
		this.devTools = devTools;
		this.folder = folder;
	}

	/**
	 * Starts recording.
	 * @param folder the folder of the frames
	 */
	static Screencast start(Page tab, Path folder) {
		Screencast screencast = new Screencast(tab.context().newCDPSession(tab), folder);
		screencast.devTools.on("Page.screencastFrame", screencast::take);
		JsonObject format = new JsonObject();
		format.addProperty("format", "png");
		screencast.devTools.send("Page.startScreencast", format);
		return screencast;
	}

	/**
	 * Stops recording, and creates an animated GIF of all frames with ffmpeg.
	 * @param width the width of the animation, in pixels
	 * @param framesPerSecond the maximum number of frames per second
	 */
	void saveTo(Path gif, int width, int framesPerSecond) throws IOException, InterruptedException {
		this.devTools.send("Page.stopScreencast");
		Files.createDirectories(gif.toAbsolutePath().getParent());
		String filter = "fps=%d,scale=%d:-1:flags=lanczos,split[a][b];[a]palettegen=max_colors=48[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"
			.formatted(framesPerSecond, width);
		int status = new ProcessBuilder("ffmpeg", "-y", "-loglevel", "error", "-f", "concat", "-safe", "0", "-i",
				list().toString(), "-filter_complex", filter, gif.toString())
			.inheritIO()
			.start()
			.waitFor();
		if (status != 0) {
			throw new IOException("ffmpeg ended with " + status);
		}
	}

	private void take(JsonObject event) {
		JsonObject acknowledgement = new JsonObject();
		acknowledgement.add("sessionId", event.get("sessionId"));
		this.devTools.send("Page.screencastFrameAck", acknowledgement);
		Path file = this.folder.resolve("frame-%05d.png".formatted(this.frames.size()));
		try {
			Files.write(file, Base64.getDecoder().decode(event.get("data").getAsString()));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.frames.add(new Frame(file, event.getAsJsonObject("metadata").get("timestamp").getAsDouble()));
	}

	/**
	 * Writes the list of frames for ffmpeg, each with its duration.
	 */
	private Path list() throws IOException {
		StringBuilder list = new StringBuilder();
		for (int i = 0; i < this.frames.size(); i++) {
			double seconds = (i + 1 < this.frames.size()) ? this.frames.get(i + 1).time() - this.frames.get(i).time()
					: LAST_FRAME_SECONDS;
			list.append(String.format(Locale.ROOT, "file '%s'%nduration %.3f%n", this.frames.get(i).file(), seconds));
		}
		// ffmpeg ignores the duration of the last frame unless the frame is repeated
		list.append("file '%s'%n".formatted(this.frames.get(this.frames.size() - 1).file()));
		return Files.writeString(this.folder.resolve("frames.txt"), list);
	}

	/**
	 * A frame.
	 *
	 * @param file its picture
	 * @param time the time at which it was painted, in seconds
	 */
	private record Frame(Path file, double time) {
	}

}
