// Runs before the page is painted, so that it does not flash in the other theme.
(() => {
	const themes = ['auto', 'light', 'dark'];
	const root = document.documentElement;
	const kept = () => {
		try {
			return localStorage.getItem('theme');
		}
		catch {
			return null; // no storage, for example in a private window
		}
	};
	root.dataset.theme = themes.includes(kept()) ? kept() : 'auto';
	addEventListener('DOMContentLoaded', () => {
		const button = document.getElementById('theme');
		const say = () => {
			button.querySelector('span').textContent = `Theme: ${root.dataset.theme}`;
		};
		button.addEventListener('click', () => {
			root.dataset.theme = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
			try {
				localStorage.setItem('theme', root.dataset.theme);
			}
			catch {
				// the theme applies to this page only
			}
			say();
		});
		say();
	});
})();
