import { StrictMode, useEffect, useState, type FormEvent } from 'react';
import { createRoot } from 'react-dom/client';
import { useChat, type UIMessage } from '@ai-sdk/react';
import { ResumableChatTransport, type ReplyMetadata } from 'resumable-ws-client/ai-sdk';

type Message = UIMessage<ReplyMetadata>;

async function fetchToken(): Promise<string> {
	const response = await fetch('/api/token', { method: 'POST' });
	if (!response.ok) {
		throw new Error(`No token: ${response.status}`);
	}
	return response.text();
}

const transport = new ResumableChatTransport<Message>({ url: '/ws', getToken: fetchToken });

function Chat({ id, initial }: { id: string; initial: Message[] }) {
	const chat = useChat({ id, messages: initial, transport, resume: true });
	const { messages, status, error, sendMessage, setMessages, resumeStream, stop } = chat;
	const [text, setText] = useState('');
	useEffect(() => transport.follow(id, { setMessages, resumeStream }), [id, setMessages, resumeStream]);
	const submit = (event: FormEvent) => {
		event.preventDefault();
		sendMessage({ text });
		setText('');
	};
	return (
		<main>
			<ol>
				{messages.map((message) => (
					<li key={message.id} className={message.role}>
						{message.parts.map((part, i) => part.type === 'text' && <span key={i}>{part.text}</span>)}
					</li>
				))}
			</ol>
			<form onSubmit={submit}>
				<input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
				<button>Send</button>
				{(status === 'submitted' || status === 'streaming') && <button type="button" onClick={stop}>Stop</button>}
			</form>
			<p>{status} {error?.message}</p>
		</main>
	);
}

/** Reads the log first: a chat takes its messages only when it is made. */
function ChatPage({ id }: { id: string }) {
	const [initial, setInitial] = useState<Message[]>();
	useEffect(() => {
		const left = new AbortController();
		transport.messages(id, { signal: left.signal }).then(setInitial, (error) => left.signal.aborted || console.error(error));
		return () => left.abort();
	}, [id]);
	return initial ? <Chat id={id} initial={initial} /> : <p>Loading …</p>;
}

const id = new URLSearchParams(location.search).get('chat') ?? 'main'; // the same after a reload
createRoot(document.getElementById('root')!).render(<StrictMode><ChatPage key={id} id={id} /></StrictMode>);
