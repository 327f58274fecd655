/**
 * An answer that comes in parts, as something to iterate over: the parts as they come, the result last. Not a generator, since the `return` of one waits
 * for the `next` that is pending, that is, for the part that nobody wants any more.
 */
import { Deferred } from './channel/deferred.ts';
import { Fifo } from './fifo.ts';

type Result = IteratorResult<unknown, undefined>;

/** Begins what answers; resolves with the last value. `onPart` is called for those before. The signal fires when the reader leaves. */
export type Begin = (signal: AbortSignal, onPart: (value: unknown) => void) => Promise<unknown>;

const done: Result = { done: true, value: undefined };

/** Begins with the first `next`. Parts that nobody has asked for yet are kept. */
export class PartStream implements AsyncGenerator<unknown, undefined, undefined> {
  readonly #begin: Begin;
  readonly #left = new AbortController();
  /** Came, and was not asked for. */
  readonly #arrived = new Fifo<unknown>();
  /** Asked for, and has not come. Not empty only when `#arrived` is. */
  readonly #asked: Deferred<Result>[] = [];
  #state: 'unbegun' | 'going' | 'failed' | 'ended' = 'unbegun';
  #error: unknown;

  constructor(begin: Begin) {
    this.#begin = begin;
  }

  next(): Promise<Result> {
    if (this.#state === 'unbegun') this.#start();
    if (this.#arrived.length > 0) return Promise.resolve({ done: false, value: this.#arrived.shift() });
    if (this.#state === 'failed') {
      this.#state = 'ended';
      return Promise.reject(this.#error);
    }
    if (this.#state === 'ended') return Promise.resolve(done);
    const asked = new Deferred<Result>();
    this.#asked.push(asked);
    return asked.promise;
  }

  /** Gives up what has not come: whoever answers is told, and calls of `next` that are pending end. */
  return(): Promise<Result> {
    this.#end();
    this.#arrived.clear();
    this.#left.abort();
    return Promise.resolve(done);
  }

  throw(error: unknown): Promise<Result> {
    void this.return();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #start(): void {
    this.#state = 'going';
    const begun = new Promise<unknown>((resolve) => {
      resolve(this.#begin(this.#left.signal, (value) => this.#arrive(value)));
    });
    begun.then(
      (value) => {
        this.#arrive(value);
        this.#end();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #arrive(value: unknown): void {
    if (this.#state !== 'going') return;
    const asked = this.#asked.shift();
    if (asked === undefined) this.#arrived.push(value);
    else asked.resolve({ done: false, value });
  }

  #fail(error: unknown): void {
    if (this.#state !== 'going') return;
    const asked = this.#asked.shift();
    if (asked === undefined) {
      this.#state = 'failed';
      this.#error = error;
      return;
    }
    asked.reject(error);
    this.#end();
  }

  #end(): void {
    this.#state = 'ended';
    for (const asked of this.#asked.splice(0)) asked.resolve(done);
  }
}

interface Options {
  readonly signal?: AbortSignal;
  readonly onPart?: (value: unknown, index: number) => void;
}

/** The options of a call whose parts go to a stream, too, and which the stream can give up. */
export function streamed<Given extends Options>(
  options: Given,
  left: AbortSignal,
  onPart: (value: unknown) => void,
): Given {
  return {
    ...options,
    signal: options.signal === undefined ? left : AbortSignal.any([options.signal, left]),
    onPart: (value: unknown, index: number) => {
      options.onPart?.(value, index);
      onPart(value);
    },
  };
}
