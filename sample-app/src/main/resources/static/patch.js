// Patches the document to the wanted state and leaves equal parts unchanged: nodes keep their identity, and growing text
// keeps its selection.

/**
 * @param {Node} parent
 * @param {Node[]} wanted the wanted children, from `from` to the last
 * @param {Node} [from] the first child to patch; undefined to append
 * @returns {Node[]} the children: for each wanted node an equal existing one, or itself
 */
export function patch(parent, wanted, from) {
	let next = from;
	const shown = wanted.map((node) => {
		const current = next;
		next = current?.nextSibling;
		if (!current) {
			return parent.appendChild(node);
		}
		if (!isAlike(current, node)) {
			current.replaceWith(node);
			return node;
		}
		update(current, node);
		return current;
	});
	while (next) {
		const surplus = next;
		next = next.nextSibling;
		surplus.remove();
	}
	return shown;
}

function isAlike(current, wanted) {
	return current === wanted || current.nodeName === wanted.nodeName && (current.nodeType === Node.TEXT_NODE
		|| current.className === wanted.className && (current.matches('.sideways, button') || haveSameAttributes(current, wanted)));
}

const haveSameAttributes = (a, b) => a.cloneNode(false).isEqualNode(b.cloneNode(false));

function update(current, wanted) {
	if (current.nodeType === Node.TEXT_NODE) {
		updateText(current, wanted.data);
	}
	else if (current !== wanted && current.localName !== 'button') { // which has its own state
		Object.assign(current.dataset, wanted.dataset);
		patch(current, [...wanted.childNodes], current.firstChild);
	}
}

function updateText(node, text) {
	const { data } = node;
	let same = 0;
	while (same < data.length && data[same] === text[same]) {
		same++;
	}
	if (data !== text) {
		node.replaceData(same, data.length - same, text.slice(same));
	}
}
