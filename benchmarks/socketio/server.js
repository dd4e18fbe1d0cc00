// A Socket.IO server with connection state recovery. Answers user messages with tokens: the same number, at the same pace and with
// the same stamps as the Java servers. Publishes numbered messages to users on request, as the Java servers do. Prints
// "READY <port>" when it accepts connections, and exits when its standard input ends.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const port = Number(process.argv.find((it) => it.startsWith('--server.port='))?.split('=')[1] ?? 0);

const http = createServer((request, response) => {
	const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
	if (pathname === '/bench/gc') {
		globalThis.gc?.();
	}
	if (pathname === '/bench/messages') {
		const [from, to, number] = ['from', 'to', 'number'].map((it) => Number(searchParams.get(it)));
		for (let user = from; user < to; user++) {
			io.to(`user-${user}`).emit('note', { text: stamp(number) });
		}
	}
	response.end('{}');
});

const io = new Server(http, {
	transports: ['websocket'],
	connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true },
});

const TICK_MS = 1;
const running = new Set();
let nextMessage = 1;

// nanoseconds of the clock that System.nanoTime() reads; exact until the machine has been up for 104 days
const now = () => Number(process.hrtime.bigint());
const stamp = (nanos) => '~' + nanos.toString(16).padStart(15, '0');

class Reply {

	constructor(room, tokens, periodMicros) {
		this.room = room;
		this.tokens = tokens;
		this.period = periodMicros * 1000;
		this.start = now();
		this.made = 0;
		this.text = '';
		this.id = `message-${nextMessage++}`;
		io.to(room).emit('assistant_started', { message_id: this.id });
	}

	// emits the tokens that are due; returns whether more follow
	advance(time) {
		const due = this.period === 0 ? this.tokens : Math.min(this.tokens, Math.floor((time - this.start) / this.period));
		while (this.made < due) {
			const intended = this.period === 0 ? now() : this.start + (this.made + 1) * this.period;
			const content = stamp(intended) + ' word';
			io.to(this.room).emit('assistant_delta', { message_id: this.id, offset: this.text.length, content });
			this.text += content;
			this.made++;
		}
		if (this.made < this.tokens) {
			return true;
		}
		io.to(this.room).emit('assistant_message', { message_id: this.id, content: this.text, finish_reason: 'stop' });
		return false;
	}

}

io.on('connection', (socket) => {
	if (!socket.recovered) {
		socket.join(socket.handshake.query.user);
	}
	socket.on('user_message', ({ content }) => {
		const [, tokens, periodMicros] = content.split(' ');
		const reply = new Reply(socket.id, Number(tokens), Number(periodMicros));
		if (reply.advance(now())) {
			running.add(reply);
		}
	});
});

setInterval(() => {
	const time = now();
	for (const reply of running) {
		if (!reply.advance(time)) {
			running.delete(reply);
		}
	}
}, TICK_MS);

http.listen(port, '127.0.0.1', () => console.log(`READY ${http.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
