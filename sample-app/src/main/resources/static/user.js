// The user of this browser. Each user has a separate name for stored data, so that no user sees or sends data of another.
// The name exists before the first sign-in, when the user does not have an id yet.

import { store } from './store.js';

const KEY = 'user';

const newName = () => `user-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;

const read = () => {
	const kept = store.read(KEY);
	return kept?.current ? kept : { current: newName(), names: {} };
};

let user = read();
store.write(KEY, user);

export const userName = () => user.current;

/** @returns whether the token is of another user than the one whose name is in use */
export function signedInWith(token) {
	const { sub } = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
	const latest = read(); // another tab may have signed in
	const taken = Object.values(latest.names).includes(user.current);
	const name = latest.names[sub] ?? (taken ? newName() : user.current);
	const changed = name !== user.current;
	user = { current: name, names: { ...latest.names, [sub]: name } };
	store.write(KEY, user);
	return changed;
}
