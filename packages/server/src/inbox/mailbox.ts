import type { BehaviourInput } from './behaviour.ts';
import { type Answer, type Behaviour, changeBehaviour, nextAnswer, usualBehaviour } from './behaviour.ts';
import type { SignatureReport } from './signature.ts';

/** One request that an inbox got. */
export interface Message {
  /** Rising per inbox, from 1. */
  id: number;
  method: string;
  url: string;
  headers: Record<string, string>;
  /** Text; base64 when it is not valid UTF-8. */
  body: string;
  body_encoding: 'utf-8' | 'base64';
  received_at: string;
  signature: SignatureReport | null;
  answer: { status: number | null; delay_ms: number; retry_after: string | null; hung: boolean };
}

const MAX_MESSAGES = 1_000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_COUNTED_URLS = 1_000;

/** What one name of the inbox has received, newest last, and how it answers. In memory only. */
export class Mailbox {
  readonly name: string;
  behaviour: Behaviour = usualBehaviour();
  /** Ever received, also those that were dropped or cleared. */
  received = 0;
  #messages: Message[] = [];
  #bytes = 0;
  #waiting = new Set<() => void>();
  #timesUsed = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  /** The answer for the next request; `asked` by the URL goes before what was set, but not before the plug. */
  takeAnswer(url: string, asked: Answer | null): Answer {
    if (asked !== null && this.behaviour.plugged) return this.#countedAnswer(url, asked);
    const { answer, after } = nextAnswer(this.behaviour);
    this.behaviour = after;
    return answer;
  }

  add(message: Omit<Message, 'id'>): Message {
    const kept = { id: ++this.received, ...message };
    this.#messages.push(kept);
    this.#bytes += kept.body.length;
    while (this.#messages.length > MAX_MESSAGES || (this.#bytes > MAX_BYTES && this.#messages.length > 1)) {
      this.#bytes -= this.#messages.shift()!.body.length;
    }
    for (const wake of [...this.#waiting]) wake();
    return kept;
  }

  /** Newest first; with `after`, only those that came later. */
  list(after = 0): Message[] {
    return this.#messages.filter((message) => message.id > after).reverse();
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
    this.#timesUsed.clear();
  }

  change(input: BehaviourInput): void {
    this.behaviour = changeBehaviour(this.behaviour, input);
  }

  /** Resolves when `count` messages newer than `after` are there, when the time is up, or when aborted. */
  async waitFor(count: number, after: number, waitMs: number, signal: AbortSignal): Promise<void> {
    const enough = () => this.list(after).length >= count;
    if (enough() || waitMs === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (enough()) end();
      };
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, waitMs);
      this.#waiting.add(check);
      signal.addEventListener('abort', end);
    });
  }

  #countedAnswer(url: string, asked: Answer): Answer {
    if (asked.times === undefined) return asked;
    const used = this.#timesUsed.get(url) ?? 0;
    if (used >= asked.times) return {};
    if (this.#timesUsed.size >= MAX_COUNTED_URLS) this.#timesUsed.clear();
    this.#timesUsed.set(url, used + 1);
    return asked;
  }
}
