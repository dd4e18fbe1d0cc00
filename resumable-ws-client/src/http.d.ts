export function parser(take: (id: string | undefined, data: string) => void): (/** @type {string} */ text: string) => void;
/**
 * A session over HTTP. It has the interface of a WebSocket: messages come from a stream of server-sent events, or from one poll after the other, and are sent by
 * POST, one request at a time.
 * @implements {WebSocketLike}
 */
export class HttpSocket implements WebSocketLike {
    /**
     * @param {Transport} transport
     * @param {string} url as for a WebSocket
     * @param {string[]} protocols
     * @param {object} [options]
     * @param {number} [options.timeout] the longest time until the first message, in ms
     * @param {() => void} [options.opened] called when it works
     * @param {Close} [options.missing] what it means if there is no such endpoint
     */
    constructor(transport: Transport, url: string, protocols: string[], { timeout, opened, missing }?: {
        timeout?: number | undefined;
        opened?: (() => void) | undefined;
        missing?: Close | undefined;
    });
    /** @type {WebSocketLike['onmessage']} */
    onmessage: WebSocketLike["onmessage"];
    /** @type {WebSocketLike['onerror']} */
    onerror: WebSocketLike["onerror"];
    /** @type {WebSocketLike['onclose']} */
    onclose: WebSocketLike["onclose"];
    /** @type {((event: any) => void) | null} */
    onopen: ((event: any) => void) | null;
    /**
     * What became of it: it works; the server refuses this client for now; there is no such endpoint; the response does not arrive.
     * @type {'open' | 'refused' | 'missing' | 'silent' | undefined}
     */
    outcome: "open" | "refused" | "missing" | "silent" | undefined;
    transport: import("./types.js").Transport;
    /** @param {string} data */
    send(data: string): void;
    close(): void;
    #private;
}
/**
 * Chooses the transport of each attempt of a client, and remembers for a while what worked in the place of the first one.
 */
export class Transports {
    /**
     * @param {Options} options
     * @param {any} storage
     */
    constructor({ transports, WebSocket, connectTimeout }: Options, storage: any);
    /**
     * @param {string} url
     * @param {string[]} protocols
     * @param {boolean} blocked whether the last attempt failed, and the endpoint answers requests
     * @returns {WebSocketLike}
     */
    connect(url: string, protocols: string[], blocked: boolean): WebSocketLike;
    #private;
}
export type Transport = import("./types.js").Transport;
export type WebSocketClass = import("./types.js").WebSocketClass;
export type WebSocketLike = import("./types.js").WebSocketLike;
export type Close = [code: number, reason?: string];
export type Options = {
    transports: Transport[];
    WebSocket: WebSocketClass;
    connectTimeout: number;
};
