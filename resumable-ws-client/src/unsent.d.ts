export function unsent({ url, name, storage, ...unknown }?: {
    url?: UrlSource;
    name?: string;
    storage?: "session" | "local" | "memory" | ClientStorage;
}): UnsentMessages[];
export type ClientStorage = import("./types.js").ClientStorage;
export type Stored = import("./types.js").Stored;
export type UnsentMessages = import("./types.js").UnsentMessages;
export type UrlSource = import("./types.js").UrlSource;
