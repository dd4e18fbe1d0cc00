// Lets wide content, such as code and tables, scroll sideways. It is a tab stop with a name for screen
// readers only while it scrolls.

const watched = new WeakSet();

const observer = new ResizeObserver((entries) => {
	for (const frame of new Set(entries.map(({ target }) => target.closest('.sideways')))) {
		const scrolls = frame.scrollWidth > frame.clientWidth;
		toggle(frame, 'tabindex', scrolls && '0');
		toggle(frame, 'role', scrolls && 'group');
		toggle(frame, 'aria-label', scrolls && frame.dataset.label);
	}
});

/** Watches the elements of class `sideways` that are within another. Their names are in `data-label`. */
export function watchSideways(root) {
	for (const frame of root.querySelectorAll('.sideways')) {
		if (!watched.has(frame)) {
			watched.add(frame);
			observer.observe(frame);
			observer.observe(frame.firstElementChild);
		}
	}
}

function toggle(element, attribute, value) {
	if (value) {
		element.setAttribute(attribute, value);
	}
	else {
		element.removeAttribute(attribute);
	}
}
