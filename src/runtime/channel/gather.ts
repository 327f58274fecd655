/**
 * One question to many workers, and a decision with what has come by a deadline. What counts is decided by GatherRound, plain and
 * synchronous; around it one timer and the requests.
 */
import { tell } from '../tell.ts';
import { checkTimeout } from '../timeout.ts';
import { type Clock, systemClock } from './clock.ts';
import { Deferred } from './deferred.ts';
import type { RequestOptions } from './managed-worker.ts';

/** What has come of a round. */
export interface Gathered<Result> {
  /** By id, in the order in which they came. */
  readonly results: ReadonlyMap<string, Result>;
  readonly errors: ReadonlyMap<string, unknown>;
  /** Who had not answered when the round was closed. */
  readonly missing: readonly string[];
}

/** The answers of one round: one an id, until it is closed. */
export class GatherRound<Result> {
  readonly #awaited: Set<string>;
  readonly #results = new Map<string, Result>();
  readonly #errors = new Map<string, unknown>();
  #closed = false;
  #late = 0;

  constructor(ids: Iterable<string>) {
    this.#awaited = new Set(ids);
  }

  /** Answers that came after the round was closed, or twice: they count for nothing. */
  get late(): number {
    return this.#late;
  }

  /** Whether nobody is awaited any more. */
  get complete(): boolean {
    return this.#awaited.size === 0;
  }

  /** Takes a result; says whether it counts. */
  result(id: string, result: Result): boolean {
    if (!this.#take(id)) return false;
    this.#results.set(id, result);
    return true;
  }

  /** Takes a failure; says whether it counts. */
  error(id: string, error: unknown): boolean {
    if (!this.#take(id)) return false;
    this.#errors.set(id, error);
    return true;
  }

  /** Ends the round. What it returns does not change any more. */
  close(): Gathered<Result> {
    this.#closed = true;
    return { results: this.#results, errors: this.#errors, missing: [...this.#awaited] };
  }

  #take(id: string): boolean {
    if (!this.#closed && this.#awaited.delete(id)) return true;
    this.#late += 1;
    return false;
  }
}

/** What is asked: a ManagedWorker, or anything that answers requests. */
export interface Askable {
  request(handler: string, input?: unknown, options?: RequestOptions): Promise<unknown>;
}

export interface GatherOptions<Result> {
  /** Milliseconds until the decision; 100 by default. */
  readonly windowMs?: number;
  /** Decides before that, as soon as so many results are there; all of them by default. */
  readonly enough?: number;
  /** Is told of each result as it comes. */
  readonly onResult?: (id: string, result: Result) => void;
  readonly clock?: Clock;
}

/**
 * Asks all workers at once, and resolves when all have answered, `enough` results are there, or the window is over: with what has come
 * until then. Who has not answered is given up (its handler is told), and what it answers yet counts for nothing, in no round. Never
 * rejects for what a worker does: errors are part of the answer.
 *
 * Rejects with RangeError when the window is negative or NaN.
 */
export async function gather<Result = unknown>(
  workers: Iterable<readonly [id: string, worker: Askable]>,
  handler: string,
  input?: unknown,
  { windowMs = 100, enough = Infinity, onResult, clock = systemClock }: GatherOptions<Result> = {},
): Promise<Gathered<Result>> {
  checkTimeout(windowMs);
  const asked = [...workers];
  const round = new GatherRound<Result>(asked.map(([id]) => id));
  const decided = new Deferred<void>();
  const rest = new AbortController();
  const cancel = clock.after(windowMs, () => decided.resolve());
  let results = 0;
  for (const [id, worker] of asked) {
    worker.request(handler, input, { signal: rest.signal }).then(
      (result) => {
        if (!round.result(id, result as Result)) return;
        results += 1;
        if (onResult !== undefined) tell(() => onResult(id, result as Result));
        if (round.complete || results >= enough) decided.resolve();
      },
      (error: unknown) => {
        if (round.error(id, error) && round.complete) decided.resolve();
      },
    );
  }
  if (round.complete) decided.resolve();
  await decided.promise;
  cancel();
  const gathered = round.close();
  rest.abort(new DOMException('the round is over', 'AbortError'));
  return gathered;
}
