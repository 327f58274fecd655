/** Programs over `sync-message` 0.0.12 from npm, unmodified: a worker asks, and waits for what the main thread answers. What came of them is in docs/packages.md. */
import { createRequire } from 'node:module';
import type { Program } from 'threadproof';
import './browser.ts';

// A CommonJS bundle, whose names Node cannot see in an import.
const syncMessage: typeof import('sync-message') = createRequire(import.meta.url)('sync-message');

interface Shared {
  readonly channel: ReturnType<typeof syncMessage.makeAtomicsChannel>;
  /** Stands for `postMessage`: the number of the question that was asked last. */
  readonly asked: Int32Array<SharedArrayBuffer>;
}

interface Answer {
  readonly to: number;
  readonly text: string;
}

const setup = (): Shared => ({
  channel: syncMessage.makeAtomicsChannel({ bufferSize: 64 }),
  asked: new Int32Array(new SharedArrayBuffer(4)),
});

const sameLength = ['', 'yes', 'and'];
const otherLength = ['', 'yes', 'it depends on the weather'];

/** The main thread: answers two questions as they are asked. */
function answer({ channel, asked }: Shared, texts: readonly string[]): void {
  for (let question = 1; question <= 2; question++) {
    for (let last = 0; last < question; last = Atomics.load(asked, 0)) Atomics.wait(asked, 0, last);
    void syncMessage.writeMessage(channel, { to: question, text: texts[question] }, `question ${question}`);
  }
}

function ask({ channel, asked }: Shared, question: number, timeout?: number): Answer | null {
  Atomics.store(asked, 0, question);
  Atomics.notify(asked, 0);
  return syncMessage.readMessage(channel, `question ${question}`, timeout === undefined ? {} : { timeout });
}

/** The worker waits for each answer as long as it takes: the usage that the package shows. */
export const patient: Program<Shared, Shared, void> = {
  threads: 2,
  setup,
  thread(id, shared): void {
    if (id === 0) answer(shared, otherLength);
    else
      for (let question = 1; question <= 2; question++) {
        const got = ask(shared, question);
        if (got?.text !== otherLength[question])
          throw new Error(`question ${question} got the answer ${got?.text}`);
      }
  },
};

/** The worker waits 10 ms for an answer, and then asks the next question. */
function impatient(texts: readonly string[]): Program<Shared, Shared, void> {
  return {
    threads: 2,
    setup,
    thread(id, shared): void {
      if (id === 0) answer(shared, texts);
      else
        for (let question = 1; question <= 2; question++) {
          const got = ask(shared, question, 10);
          if (got !== null && got.to !== question)
            throw new Error(`question ${question} got the answer to question ${got.to}`);
        }
    },
  };
}

/** A late answer is taken for the answer to the next question. */
export const late: Program<Shared, Shared, void> = impatient(sameLength);

/** A late answer is overwritten while it is read. */
export const torn: Program<Shared, Shared, void> = impatient(otherLength);
