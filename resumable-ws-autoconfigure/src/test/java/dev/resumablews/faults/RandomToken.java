package dev.resumablews.faults;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import dev.resumablews.testing.Tokens;

/**
 * A random JSON Web Token, which is valid or has one defect. Its times are fixed, so that
 * the same seed generates the same token.
 *
 * @param text the token
 * @param signed whether the signature is valid
 */
record RandomToken(String text, boolean signed) {

	private static final String HEADER = "{\"alg\":\"HS256\"}";

	private static final String ISSUED_AT = "1767225600";

	private static final String EXPIRES_AT = "4102444800";

	private static final String[] HEADERS = { "{\"alg\":\"none\"}", "{\"alg\":\"HS384\"}", "{\"alg\":\"HS512\"}",
			"{\"alg\":\"RS256\"}", "{\"alg\":\"hs256\"}", "{\"alg\":\"\"}", "{\"alg\":7}", "{\"alg\":null}", "{}", "[]",
			"", "null", "{", "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
			"{\"alg\":\"HS256\",\"crit\":7}", "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}",
			"{\"alg\":\"HS256\",\"typ\":\"refresh+jwt\"}", "{\"alg\":\"HS256\",\"typ\":7}",
			"{\"alg\":\"HS256\",\"kid\":\"../../../etc/passwd\"}", "{\"alg\":\"HS256\",\"kid\":{}}",
			"{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:1/\"}", "{\"alg\":\"HS256\",\"jku\":\"\\u0000\"}",
			"{\"alg\":\"HS256\",\"x5c\":[\"AAAA\"]}", "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
			"{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", "{\"alg\":\"HS256\",\"zip\":\"DEF\"}" };

	private static final String[] CLAIMS = { "sub", "exp", "iat", "nbf", "iss", "aud", "jti", "sid", "scope" };

	/**
	 * Returns a valid token.
	 */
	static RandomToken valid(String user) {
		return signed(HEADER, claims(user));
	}

	static RandomToken of(Random random, String user) {
		String claims = claims(user);
		return switch (random.nextInt(10)) {
			case 0 -> signed(RandomJson.oneOf(random, HEADERS), claims);
			case 1, 2, 3, 4 -> signed(HEADER, badClaims(random, user));
			case 5 -> new RandomToken(brokenSignature(random, signed(HEADER, claims).text), false);
			case 6 -> new RandomToken(brokenSegments(random, signed(HEADER, claims).text), false);
			case 7 -> new RandomToken(randomText(random), false);
			case 8 -> new RandomToken(
					encoded(RandomJson.oneOf(random, HEADERS)) + "." + encoded(badClaims(random, user)) + ".", false);
			default -> valid(user);
		};
	}

	private static String claims(String user) {
		return "{\"sub\":\"%s\",\"iat\":%s,\"exp\":%s}".formatted(user, ISSUED_AT, EXPIRES_AT);
	}

	private static String badClaims(Random random, String user) {
		RandomJson json = new RandomJson(random, "");
		Map<String, String> claims = new LinkedHashMap<>();
		claims.put("sub", "\"" + user + "\"");
		claims.put("iat", ISSUED_AT);
		claims.put("exp", EXPIRES_AT);
		for (int i = random.nextInt(3); i >= 0; i--) {
			String claim = RandomJson.oneOf(random, CLAIMS);
			if (random.nextInt(5) == 0) {
				claims.remove(claim);
			}
			else {
				claims.put(claim, json.value());
			}
		}
		String text = claims.entrySet()
			.stream()
			.map((claim) -> "\"" + claim.getKey() + "\":" + claim.getValue())
			.collect(Collectors.joining(",", "{", "}"));
		return (random.nextInt(20) == 0) ? text.substring(0, random.nextInt(text.length())) : text;
	}

	private static String brokenSignature(Random random, String token) {
		int signature = token.lastIndexOf('.') + 1;
		return switch (random.nextInt(4)) {
			case 0 -> token.substring(0, signature);
			case 1 -> token.substring(0, signature + random.nextInt(10));
			case 2 -> token.substring(0, signature) + "!" + token.substring(signature + 1);
			default -> token.substring(0, signature) + ((token.charAt(signature) == 'A') ? 'B' : 'A')
					+ token.substring(signature + 1);
		};
	}

	private static String brokenSegments(Random random, String token) {
		return switch (random.nextInt(5)) {
			case 0 -> token.replace(".", "");
			case 1 -> token + "." + token;
			case 2 -> "." + token;
			case 3 -> token.substring(0, token.indexOf('.')) + "..".repeat(random.nextInt(4));
			default -> "..";
		};
	}

	private static String randomText(Random random) {
		int length = random.nextInt(10) == 0 ? 16_000 + random.nextInt(1000) : 1 + random.nextInt(100);
		return random.ints(length, '!', 'z')
			.collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
			.toString();
	}

	private static RandomToken signed(String header, String claims) {
		String content = encoded(header) + "." + encoded(claims);
		try {
			Mac mac = Mac.getInstance("HmacSHA256");
			mac.init(new SecretKeySpec(Tokens.SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
			byte[] signature = mac.doFinal(content.getBytes(StandardCharsets.US_ASCII));
			return new RandomToken(content + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature),
					header.contains("HS256"));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String encoded(String text) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
	}

}
