/**
 * Holds state for `useSyncExternalStore` and similar functions.
 * @template S the snapshots
 */
export class Store<S> {
    /** @param {() => S} make creates a snapshot of the current state */
    constructor(make: () => S);
    /**
     * Calls a listener after each change.
     * @param {() => void} listener
     * @returns {() => void} unsubscribes
     */
    subscribe: (listener: () => void) => () => void;
    /**
     * Returns the published state, the same object until the next change.
     * @returns {S}
     */
    getSnapshot: () => S;
    /**
     * Returns the state before the first change, for rendering on a server.
     * @returns {S}
     */
    getServerSnapshot: () => S;
    /** Publishes the state immediately, for actions of the user. */
    publish(): void;
    /** Publishes the state with the next frame, for messages of the server, which may be frequent. */
    publishSoon(): void;
    #private;
}
