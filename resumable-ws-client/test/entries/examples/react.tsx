import { StrictMode, useState, type FormEvent } from 'react';
import { createRoot } from 'react-dom/client';
import { ResumableWebSocketProvider, useConnection, useConversation } from 'resumable-ws-client/react';

async function fetchToken(): Promise<string> {
	const response = await fetch('/api/token', { method: 'POST' });
	if (!response.ok) {
		throw new Error(`No token: ${response.status}`);
	}
	return response.text();
}

function Connection() {
	const { status, reason, reconnect } = useConnection();
	if (reason === 'sign_in_refused') {
		return <p><a href="/sign-in">Sign in again</a></p>;
	}
	return <p>{status} {status === 'waiting' && <button onClick={() => reconnect()}>Connect now</button>}</p>;
}

function Chat() {
	const { messages, loading, running, send, stop } = useConversation();
	const [text, setText] = useState('');
	const submit = (event: FormEvent) => {
		event.preventDefault();
		send(text).catch(() => {}); // a message that is refused is shown as such
		setText('');
	};
	return (
		<main aria-busy={loading}>
			<ol>
				{messages.map((message) => (
					<li key={message.id} className={message.role}>
						{message.text}
						{message.status === 'pending' && <em> (waits for the connection)</em>}
						{message.status === 'failed' && <em> ({message.error?.message})</em>}
					</li>
				))}
			</ol>
			<form onSubmit={submit}>
				<input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
				<button>Send</button>
				{running && <button type="button" onClick={stop}>Stop</button>}
			</form>
		</main>
	);
}

createRoot(document.getElementById('root')!).render(
	<StrictMode>
		<ResumableWebSocketProvider url="/ws" getToken={fetchToken} storage="local">
			<Connection />
			<Chat />
		</ResumableWebSocketProvider>
	</StrictMode>,
);
