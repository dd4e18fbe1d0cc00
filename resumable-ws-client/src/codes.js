// The error and close codes of resumable-ws.

/** The close codes of the server. */
export const CloseCode = /** @type {const} */ ({
	DONE: 1000,
	BINARY_NOT_SUPPORTED: 1003,
	INVALID_UTF8: 1007,
	MESSAGE_TOO_BIG: 1009,
	INTERNAL_ERROR: 1011,
	RESTART: 1012,
	TRY_AGAIN_LATER: 1013,
	MALFORMED_MESSAGES: 4400,
	UNAUTHORIZED: 4401,
	HEARTBEAT_MISSED: 4408,
	SUPERSEDED: 4409,
	RATE_LIMITED: 4429,
});

const CODES = /** @type {const} */ ([
	// of the client
	'closed', 'connect_timeout', 'connection_failed', 'connection_lost', 'gone', 'outbox_full', 'sign_in_refused', 'silent', 'taken_over', 'token_failed', 'withdrawn',
	// of messages
	'failed', 'forbidden', 'invalid', 'malformed', 'quota_exceeded', 'unauthorized', 'unavailable', 'unknown_type',
	// of replies
	'interrupted', 'provider_error', 'timeout',
]);

/**
 * The values of `code` of a `ResumableWebSocketError`, apart from the names of close codes.
 * @type {{ readonly [C in typeof CODES[number] as Uppercase<C>]: C }}
 */
export const ErrorCode = /** @type {any} */ (Object.fromEntries(CODES.map((code) => [code.toUpperCase(), code])));
