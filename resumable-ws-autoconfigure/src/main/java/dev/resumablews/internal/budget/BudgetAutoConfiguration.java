package dev.resumablews.internal.budget;

import java.util.EnumMap;
import java.util.Map;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.budget.BudgetSettings.Allowance;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration for the users' budgets.
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class BudgetAutoConfiguration {

	private static final long SECONDS = 60;

	private static final long FRAME_BURST_SECONDS = 5;

	private static final long SIZE_BURST_SECONDS = 16;

	private static final long REPLAY_BURST_SECONDS = 4;

	private static final long EPHEMERAL_BURST_SECONDS = 2;

	@Bean
	UserBudgets resumableWsUserBudgets(ResumableWsProperties properties) {
		return new UserBudgets(settings(properties.user()));
	}

	/**
	 * Converts the properties. A byte counts as one character.
	 */
	static BudgetSettings settings(ResumableWsProperties.User user) {
		Map<Rate, Allowance> rates = new EnumMap<>(Rate.class);
		allow(rates, Rate.MESSAGES, user.messagesPerSecond() * SECONDS, user.messageBurst());
		long ephemeral = user.ephemeralPerSecond();
		allow(rates, Rate.EPHEMERAL, ephemeral * SECONDS, ephemeral * EPHEMERAL_BURST_SECONDS);
		long frames = user.framesPerSecond();
		allow(rates, Rate.FRAMES, frames * SECONDS, frames * FRAME_BURST_SECONDS);
		long size = user.sizePerSecond().toBytes();
		allow(rates, Rate.CHARACTERS, size * SECONDS, size * SIZE_BURST_SECONDS);
		long handshakes = user.handshakesPerMinute();
		allow(rates, Rate.HANDSHAKES, handshakes, handshakes);
		allow(rates, Rate.RESUMES, user.resumesPerMinute(), user.resumesPerMinute());
		allow(rates, Rate.REPLIES, user.repliesPerMinute(), user.repliesPerMinute());
		long replay = user.replayPerSecond().toBytes();
		allow(rates, Rate.REPLAY, replay * SECONDS, replay * REPLAY_BURST_SECONDS);
		Map<Share, Long> shares = new EnumMap<>(Share.class);
		limit(shares, Share.WAITING_MESSAGES, user.maxWaitingMessages());
		limit(shares, Share.WAITING_CHARACTERS, user.maxWaitingSize().toBytes());
		limit(shares, Share.UNREAD_CHARACTERS, user.maxUnreadSize().toBytes());
		limit(shares, Share.EPHEMERAL_CHARACTERS, user.maxEphemeralSize().toBytes());
		return new BudgetSettings(rates, shares);
	}

	private static void allow(Map<Rate, Allowance> rates, Rate rate, long perMinute, long burst) {
		if (perMinute > 0) {
			rates.put(rate, new Allowance(perMinute, burst));
		}
	}

	private static void limit(Map<Share, Long> shares, Share share, long limit) {
		if (limit > 0) {
			shares.put(share, limit);
		}
	}

	/**
	 * Fails at start-up if Bucket4j is missing, which is possible without the starter,
	 * rather than at the first client.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnMissingClass("io.github.bucket4j.Bucket")
	static class WithoutBucket4j {

		WithoutBucket4j() {
			throw new ResumableWsConfigurationException("resumable-ws limits rates with Bucket4j, which is missing.",
					"Add the dependency com.bucket4j:bucket4j_jdk17-core, or dev.resumablews:resumable-ws-starter, which has it.");
		}

	}

}
