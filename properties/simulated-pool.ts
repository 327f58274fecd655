/**
 * Workers of a pool, and what else a pool stands on, for programs of promises: every step of a worker, every look of the pool and every wake-up is a turn. Board,
 * seats, values and ports are the production ones.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Hold, PoolPlatform } from '../src/runtime/pool/platform.ts';
import type { ToWorker, WorkerStart } from '../src/runtime/pool/pool-worker.ts';
import { Seat } from '../src/runtime/pool/seat.ts';
import { ENDED, STARTED, Values } from '../src/runtime/pool/values.ts';
import type { PoolThread } from '../src/runtime/pool/worker-thread.ts';
import { encodeThrown } from '../src/runtime/remote-error.ts';
import type { Turns } from './promises.ts';
import { SimulatedClock } from './simulated.ts';

type View = Int32Array<SharedArrayBuffer>;

/** What a task does, given the number that it was submitted with. */
export interface TaskContext {
  readonly value: number;
  readonly isCancelled: () => boolean;
  readonly part: (value: unknown) => void;
  /** Takes a turn; rejects when the worker is gone by then. */
  readonly turn: () => Promise<void>;
  /** Never resolves; rejects when the worker is gone. */
  readonly forEver: () => Promise<never>;
  /** Ends the worker, as `process.exit` does. */
  readonly exit: (code: number) => never;
}

export type SimulatedTask = (context: TaskContext) => unknown;

/** The worker is gone: what ran in it goes no further. */
class Gone extends Error {}

/** Looks in vain before the look-out for woken waits ends: nobody takes turns any more. */
const mostIdle = 8;

export class SimulatedPlatform implements PoolPlatform {
  readonly clock: SimulatedClock;
  readonly workers: SimulatedPoolWorker[] = [];
  /** Holds that were not ended. */
  holds = 0;
  readonly turns: Turns;
  readonly tasks: Readonly<Record<string, SimulatedTask>>;
  readonly #waits = new Set<{ isOver: () => boolean; wake: () => void }>();
  #idle = 0;
  #looking = false;

  constructor(turns: Turns, tasks: Readonly<Record<string, SimulatedTask>>) {
    this.turns = {
      next: (label, thread) => {
        this.#idle = 0;
        this.#look();
        return turns.next(label, thread);
      },
    };
    this.clock = new SimulatedClock(this.turns);
    this.tasks = tasks;
  }

  /** Not 0: that is the time of a task that has not begun. */
  now(): number {
    return 1 + this.clock.now();
  }

  after(ms: number, run: () => void): () => void {
    return this.clock.after(ms, run);
  }

  readonly startThread = (_entry: string, data: object): PoolThread => {
    const worker = new SimulatedPoolWorker(this, `w${this.workers.length}`, data as WorkerStart);
    this.workers.push(worker);
    return worker;
  };

  soon(run: () => void): void {
    void this.turns.next('pool looks').then(run);
  }

  waitAsync(view: View, cell: number, value: number): Promise<unknown> | undefined {
    return this.wait('pool wakes', view, cell, value);
  }

  hold(): Hold {
    this.holds += 1;
    let open = 1;
    return {
      set: () => {},
      end: () => {
        this.holds -= open;
        open = 0;
      },
    };
  }

  /** Resolves, in a turn of its own, once the cell has another value. */
  wait(label: string, view: View, cell: number, value: number): Promise<void> | undefined {
    if (Atomics.load(view, cell) !== value) return undefined;
    return new Promise((resolve) => {
      this.#waits.add({
        isOver: () => Atomics.load(view, cell) !== value,
        wake: () => void this.turns.next(label).then(resolve),
      });
      this.#look();
    });
  }

  /** Before each turn, and as long as turns are taken. */
  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const look = (): void => {
      for (const wait of this.#waits) {
        if (!wait.isOver()) continue;
        this.#waits.delete(wait);
        wait.wake();
      }
      this.#idle += 1;
      this.#looking = this.#waits.size > 0 && this.#idle < mostIdle;
      if (this.#looking) setImmediate(look);
    };
    setImmediate(look);
  }
}

type Listener = (value: never) => void;

/** A worker as `pool-worker.ts` is one, whose steps are turns. */
export class SimulatedPoolWorker implements PoolThread {
  readonly threadId = 0;
  readonly #platform: SimulatedPlatform;
  readonly #name: string;
  readonly #start: WorkerStart;
  readonly #seat: Seat;
  readonly #values: Values;
  readonly #port: MessagePort;
  readonly #names = new Map<number, string>();
  readonly #arguments = new Map<number, readonly unknown[]>();
  readonly #exits: Listener[] = [];
  #alive = true;
  #tellGone: () => void = () => {};
  readonly #gone = new Promise<void>((resolve) => {
    this.#tellGone = resolve;
  });

  constructor(platform: SimulatedPlatform, name: string, start: WorkerStart) {
    this.#platform = platform;
    this.#name = name;
    this.#start = start;
    this.#seat = new Seat(start.board, start.seat);
    this.#values = new Values(start.board.view);
    this.#port = start.port as unknown as MessagePort;
    this.#live().catch((error: unknown) => {
      if (!(error instanceof Gone)) throw error;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  on(event: string, listener: Listener): void {
    if (event === 'exit') this.#exits.push(listener);
  }

  unref(): void {}

  /** It goes on until the turn comes. */
  async terminate(): Promise<number> {
    if (this.#alive) {
      await this.#platform.turns.next(`${this.#name} is terminated`);
      if (this.#alive) void this.#end(1);
    }
    return 1;
  }

  async #turn(what: string): Promise<void> {
    await this.#platform.turns.next(`${this.#name} ${what}`);
    if (!this.#alive) throw new Gone();
  }

  /** It does nothing more; that is known in a turn of its own. */
  async #end(code: number): Promise<void> {
    this.#alive = false;
    this.#tellGone();
    await this.#platform.turns.next(`${this.#name} exits`);
    for (const listener of this.#exits) listener(code as never);
  }

  async #live(): Promise<void> {
    const seat = this.#seat;
    await this.#turn('starts');
    this.#send({ ready: true });
    for (;;) {
      await this.#turn('looks');
      const slot = seat.claim();
      if (slot >= 0) {
        await this.#run(slot);
        continue;
      }
      if (seat.isLeaving()) {
        void this.#end(0);
        return;
      }
      const epoch = seat.announceSleep();
      if (!seat.hasMore() && !seat.isLeaving())
        await this.#platform.wait(`${this.#name} wakes`, seat.view, seat.bellCell, epoch);
      if (!this.#alive) throw new Gone();
      seat.endSleep();
    }
  }

  async #run(slot: number): Promise<void> {
    const seat = this.#seat;
    const at = seat.payloadOf(slot);
    const id = seat.idOf(slot);
    this.#values.writeMoment(at + STARTED, this.#platform.now());
    const number = seat.view[at]!; // written by the pool
    const args = this.#values.read(at) ?? (await this.#received(id));
    this.#receive();
    let parts = 0;
    const context: TaskContext = {
      value: args[0] as number,
      isCancelled: () => seat.isCancelled(slot),
      part: (part) => {
        this.#send({ id, slot, part, index: parts });
        parts += 1;
      },
      turn: () => this.#turn('works'),
      forEver: async () => {
        await this.#gone;
        throw new Gone();
      },
      exit: (code) => {
        void this.#end(code);
        throw new Gone();
      },
    };
    let completed = true;
    try {
      const result = await this.#platform.tasks[this.#names.get(number)!]!(context); // the program's
      if (!this.#values.write(at, [result])) this.#send({ id, value: result });
    } catch (error) {
      if (error instanceof Gone) throw error;
      completed = false;
      this.#send({ id, thrown: encodeThrown(error) });
    }
    this.#values.writeMoment(at + ENDED, this.#platform.now());
    await this.#turn('finishes');
    seat.finish(slot, completed);
    seat.publish();
  }

  #send(message: object): void {
    this.#start.port.postMessage(message);
    this.#seat.mailed();
  }

  #receive(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      const message = received.message as ToWorker;
      if ('define' in message) this.#names.set(message.define, message.name);
      else if ('args' in message) this.#arguments.set(message.id, message.args);
    }
  }

  async #received(id: number): Promise<readonly unknown[]> {
    for (;;) {
      this.#receive();
      const args = this.#arguments.get(id);
      if (args !== undefined) return args;
      await this.#turn('waits for arguments');
    }
  }
}
