package com.example.chat;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.util.StringUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Endpoint with the name of the model and the version of the application.
 */
@RestController
class AboutController {

	static final String STAND_IN = "stand-in";

	private final About about;

	AboutController(ChatModel model) {
		// no version without a jar, for example in an IDE
		this.about = new About(name(model), ChatApplication.class.getPackage().getImplementationVersion());
	}

	@GetMapping("/api/about")
	ResponseEntity<About> about() {
		return ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(this.about);
	}

	private static String name(ChatModel model) {
		if (model instanceof OfflineChatModel) {
			return STAND_IN;
		}
		ChatOptions options = model.getOptions();
		String name = (options != null) ? options.getModel() : null;
		return StringUtils.hasText(name) ? name : "unnamed model";
	}

	/**
	 * Public information about the application.
	 *
	 * @param model name of the model, or {@value #STAND_IN}
	 * @param version version of the sample; null outside of its jar
	 */
	record About(String model, @Nullable String version) {
	}

}
