// Keeps the end of the conversation in view, unless the reader has scrolled up.

import { $ } from './dom.js';

const NEAR = 60;
const UPWARD = ['ArrowUp', 'PageUp', 'Home'];

export class Scroll {

	#scroller = $('scroller');
	#pinned = true;
	#top = 0;
	#touchY;

	/** @param {() => void} arrived called when the button has brought the reader to the end */
	constructor(arrived) {
		const scroller = this.#scroller;
		scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
		// these events precede the scrolling that they cause, so the next word cannot undo it
		scroller.addEventListener('wheel', ({ deltaY }) => deltaY < 0 && this.#release(), { passive: true });
		scroller.addEventListener('touchstart', ({ touches }) => this.#touchY = touches[0].clientY, { passive: true });
		scroller.addEventListener('touchmove', ({ touches }) => touches[0].clientY > this.#touchY && this.#release(), { passive: true });
		scroller.addEventListener('keydown', ({ key, shiftKey }) => (UPWARD.includes(key) || key === ' ' && shiftKey) && this.#release());
		$('latest').addEventListener('click', () => {
			this.toEnd();
			arrived();
		});
		const observer = new ResizeObserver(() => this.#pinned && this.toEnd());
		observer.observe($('messages'));
		observer.observe(scroller);
	}

	toEnd() {
		this.#pin(true);
		this.#scroller.scrollTop = this.#top = this.#scroller.scrollHeight - this.#scroller.clientHeight;
	}

	#release() {
		if (this.#scroller.scrollTop > 0) {
			this.#pin(false);
		}
	}

	#scrolled() {
		const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
		const left = scrollHeight - scrollTop - clientHeight;
		if (scrollTop < this.#top && left > 1) {
			this.#pin(false);
		}
		else if (scrollTop > this.#top && left < NEAR) {
			this.#pin(true);
		}
		this.#top = scrollTop;
		$('latest').hidden = this.#pinned || left < 1;
	}

	#pin(pinned) {
		this.#pinned = pinned;
		$('latest').hidden = pinned;
	}

}
