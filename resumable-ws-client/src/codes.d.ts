export namespace CloseCode {
    let DONE: 1000;
    let BINARY_NOT_SUPPORTED: 1003;
    let INVALID_UTF8: 1007;
    let MESSAGE_TOO_BIG: 1009;
    let INTERNAL_ERROR: 1011;
    let RESTART: 1012;
    let TRY_AGAIN_LATER: 1013;
    let MALFORMED_MESSAGES: 4400;
    let UNAUTHORIZED: 4401;
    let HEARTBEAT_MISSED: 4408;
    let SUPERSEDED: 4409;
    let RATE_LIMITED: 4429;
}
/**
 * The values of `code` of a `ResumableWebSocketError`, apart from the names of close codes.
 * @type {{ readonly [C in typeof CODES[number] as Uppercase<C>]: C }}
 */
export const ErrorCode: { readonly [C in (typeof CODES)[number] as Uppercase<C>]: C; };
declare const CODES: readonly ["closed", "connect_timeout", "connection_failed", "connection_lost", "gone", "outbox_full", "sign_in_refused", "silent", "taken_over", "token_failed", "withdrawn", "failed", "forbidden", "invalid", "malformed", "quota_exceeded", "unauthorized", "unavailable", "unknown_type", "interrupted", "provider_error", "timeout"];
export {};
