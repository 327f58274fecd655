/**
 * Threads of one's own, one for each call, in the manner of pthreads: spawn, join, detach. For many small tasks a ThreadPool is what to use: a
 * thread takes tens of milliseconds to start.
 */
import { NotCreatedError, TooManyThreadsError, WorkerDiedError } from '../errors.ts';
import { decodeThrown, type RemoteThrown } from '../remote-error.ts';
import { type Equipment, unequipped } from './equipment.ts';
import { moduleOf } from './pool-options.ts';
import { type PoolThread, startThread, type ThreadOptions } from './worker-thread.ts';

export interface ThreadManagerOptions {
  /** Most threads at a time. Default 16. */
  readonly maxThreads?: number;
  /** Goes to `Worker`. */
  readonly worker?: ThreadOptions;
}

export interface SpawnOptions {
  /** What of the arguments moves to the thread instead of being copied. */
  readonly transfer?: readonly object[];
}

type Answer = { readonly value: unknown } | { readonly thrown: RemoteThrown };

interface Spawned {
  readonly thread: PoolThread;
  /** Its result; settles when it has ended. */
  readonly result: Promise<unknown>;
  ended: boolean;
  /** Nobody else may join it. */
  claimed: boolean;
}

/** Starts threads, and knows them by ids from 1 on; the id of one that has ended, and was joined or detached, is used again. */
export class ThreadManager {
  readonly #maxThreads: number;
  readonly #worker: ThreadOptions;
  readonly #equip: () => Equipment;
  readonly #threads = new Map<number, Spawned>();

  /**
   * @param equip called for each thread before it starts; for ThreadRuntime
   * @throws RangeError when `maxThreads` is no whole number from 1 to 1024
   */
  constructor(
    { maxThreads = 16, worker = {} }: ThreadManagerOptions = {},
    equip: () => Equipment = () => unequipped,
  ) {
    if (!Number.isInteger(maxThreads) || maxThreads < 1 || maxThreads > 1024)
      throw new RangeError(
        `maxThreads of a ThreadManager is a whole number from 1 to 1024, got ${maxThreads}`,
      );
    this.#maxThreads = maxThreads;
    this.#worker = worker;
    this.#equip = equip;
  }

  /** Threads that run, or have ended and were neither joined nor detached. */
  get size(): number {
    return this.#threads.size;
  }

  /**
   * Starts a thread that runs an export of a module with these arguments. Its id.
   *
   * @throws TooManyThreadsError when there are `maxThreads` already
   * @throws DataCloneError when the arguments cannot be sent; nothing is left of the thread then
   */
  spawn(
    module: string | URL,
    name: string,
    args: readonly unknown[] = [],
    options: SpawnOptions = {},
  ): number {
    if (this.#threads.size >= this.#maxThreads)
      throw new TooManyThreadsError(
        `the ThreadManager has ${this.#maxThreads} threads (maxThreads): join or detach some that have ended`,
      );
    let id = 1;
    while (this.#threads.has(id)) id += 1;
    const href = moduleOf(module)!; // a module was given
    const equipment = this.#equip();
    const data = { module: href, name, args, equipment: equipment.data };
    let thread: PoolThread;
    try {
      thread = startThread('start-thread', data, options.transfer ?? [], this.#worker, /\.m?ts$/.test(href));
    } catch (error) {
      equipment.release();
      throw error;
    }
    thread.on('exit', equipment.release);
    const spawned: Spawned = { thread, result: this.#resultOf(id, thread), ended: false, claimed: false };
    // A failure that nobody joins is no unhandled rejection: join tells of it.
    spawned.result.then(
      () => this.#ended(id, spawned),
      () => this.#ended(id, spawned),
    );
    this.#threads.set(id, spawned);
    return id;
  }

  /**
   * Waits for the end of a thread: its result. Each thread is joined once.
   *
   * @throws (rejects) what it threw; WorkerDiedError when it ended without a result; NotCreatedError when there is no such thread, or
   *   somebody else has joined or detached it
   */
  async join<Result = unknown>(id: number): Promise<Result> {
    const spawned = this.#claim(id);
    try {
      return (await spawned.result) as Result;
    } finally {
      this.#threads.delete(id);
    }
  }

  /** Lets a thread run to its end unobserved: nobody can join it any more, and it does not keep the process alive. Throws NotCreatedError as `join`. */
  detach(id: number): void {
    const spawned = this.#claim(id);
    spawned.thread.unref();
    if (spawned.ended) this.#threads.delete(id);
  }

  /** Joins all threads that nobody has joined or detached: their outcomes, by id. */
  async joinAll(): Promise<Map<number, PromiseSettledResult<unknown>>> {
    const ids = [...this.#threads].filter(([, { claimed }]) => !claimed).map(([id]) => id);
    const outcomes = await Promise.allSettled(ids.map((id) => this.join(id)));
    return new Map(ids.map((id, index) => [id, outcomes[index]!])); // as many as ids
  }

  /** Ends all threads, whatever they do; those that wait in `join` get WorkerDiedError. */
  async terminate(): Promise<void> {
    await Promise.all([...this.#threads.values()].map(({ thread }) => thread.terminate()));
    this.#threads.clear();
  }

  #claim(id: number): Spawned {
    const spawned = this.#threads.get(id);
    if (spawned !== undefined && !spawned.claimed) {
      spawned.claimed = true;
      return spawned;
    }
    const why = spawned === undefined ? 'there is none' : 'it was joined or detached already';
    throw new NotCreatedError(`thread ${id} cannot be joined: ${why}`);
  }

  #ended(id: number, spawned: Spawned): void {
    spawned.ended = true;
    // A joined one goes when its join returns.
    if (spawned.claimed && this.#threads.get(id) === spawned) this.#threads.delete(id);
  }

  #resultOf(id: number, thread: PoolThread): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let answer: Answer | undefined;
      let cause: unknown;
      thread.on('message', (message) => {
        answer = message as Answer;
      });
      thread.on('error', (error) => {
        cause = error;
      });
      thread.on('exit', (exitCode) => {
        if (answer !== undefined && 'value' in answer) resolve(answer.value);
        else if (answer !== undefined) reject(decodeThrown(answer.thrown));
        else
          reject(
            new WorkerDiedError(
              `thread ${id} ended without a result, with exit code ${exitCode}`,
              exitCode,
              cause === undefined ? undefined : { cause },
            ),
          );
      });
    });
  }
}
