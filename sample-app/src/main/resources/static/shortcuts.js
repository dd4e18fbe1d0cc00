// Keyboard shortcuts: Alt+N, Alt+E, and / outside of text fields.

/** @param actions `startNew`, `toggleEvents` and `type` */
export function followShortcuts({ startNew, toggleEvents, type }) {
	addEventListener('keydown', (event) => {
		const { altKey, ctrlKey, metaKey, code, key, target } = event;
		const typing = target.closest?.('input, textarea, select, dialog');
		const action = ctrlKey || metaKey || document.querySelector('dialog[open]') ? undefined
			: altKey ? { KeyN: startNew, KeyE: toggleEvents }[code]
			: key === '/' && !typing ? type : undefined;
		if (action) {
			event.preventDefault();
			action();
		}
	});
}
