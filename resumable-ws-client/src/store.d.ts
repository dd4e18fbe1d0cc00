/**
 * Holds state for `useSyncExternalStore` and its like.
 * @template S the snapshots
 */
export class Store<S> {
    /** @param {() => S} make makes a snapshot of the present state */
    constructor(make: () => S);
    /**
     * Calls a listener after each change.
     * @param {() => void} listener
     * @returns {() => void} ends that
     */
    subscribe: (listener: () => void) => () => void;
    /**
     * Returns the published state, the same object until the next change.
     * @returns {S}
     */
    getSnapshot: () => S;
    /**
     * Returns the state before the first change: what a server renders.
     * @returns {S}
     */
    getServerSnapshot: () => S;
    /** Publishes the state now: for what the user did. */
    publish(): void;
    /** Publishes the state with the next frame: for what the server sends, which may be much. */
    publishSoon(): void;
    #private;
}
