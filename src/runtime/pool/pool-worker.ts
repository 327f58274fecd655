/**
 * A worker of a pool: claims tasks from its seat, runs them, and goes back to its event loop between them: timers and sockets of tasks live on. When there
 * is nothing to do it looks a little longer, then sleeps by `waitAsync`.
 */

import { encodeThrown, type RemoteThrown } from '../remote-error.ts';
import type { BoardHandle } from './board-layout.ts';
import { type CurrentTask, setCurrentTask, untransfer } from './current-task.ts';
import { setEquipment } from './equipment.ts';
import { Patience } from './patience.ts';
import { Seat } from './seat.ts';
import { ENDED, STARTED, sharedClock, Values } from './values.ts';

/** A `MessagePort` of Node. */
export interface Port {
  postMessage(message: unknown, transferList?: readonly object[]): void;
  close(): void;
}

type Handler = (...args: unknown[]) => unknown;

/** What a worker starts with. */
export interface WorkerStart {
  readonly board: BoardHandle;
  readonly seat: number;
  readonly port: Port;
  /** How long to look for more before sleeping, in milliseconds. */
  readonly spinMs: number;
  /** Module whose `onStart` and `onExit` run in the worker, if they are there. */
  readonly hooks: string | undefined;
  /** See Equipment. */
  readonly equipment: unknown;
}

/** Messages to a worker. */
export type ToWorker =
  | { readonly define: number; readonly module: string; readonly name: string }
  | { readonly id: number; readonly args: readonly unknown[] }
  | { readonly id: number; readonly unsendable: true };

/** Messages from a worker. */
export type FromWorker =
  | { readonly ready: true }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly thrown: RemoteThrown }
  /** A preliminary result of the task in this slot; its index from 0 on. */
  | { readonly id: number; readonly slot: number; readonly part: unknown; readonly index: number }
  | { readonly late: RemoteThrown };

/** Tasks in a row before the event loop gets its turn, at most; and milliseconds. */
const mostInARow = 512;
const longestTurnMs = 5;
/** Finished tasks, and milliseconds, before others are told, while there is more to do. */
const mostUntold = 16;
const longestUntoldMs = 0.05;

const nothing: readonly object[] = [];

/** Runs the worker. Called once in its thread. */
export async function startWorker(start: WorkerStart): Promise<void> {
  const { hooks } = start;
  setEquipment(start.equipment);
  if (hooks !== undefined) {
    const { onStart } = (await import(hooks)) as { onStart?: () => unknown };
    await onStart?.();
  }
  new PoolWorker(start).begin();
}

class PoolWorker {
  readonly #seat: Seat;
  readonly #port: Port;
  readonly #hooks: string | undefined;
  readonly #patience: Patience;
  readonly #values: Values;
  readonly #now = sharedClock();
  readonly #context = new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)<number>();
  readonly #definitions = new Map<number, { readonly module: string; readonly name: string }>();
  readonly #handlers: (Handler | undefined)[] = [];
  readonly #arguments = new Map<number, readonly unknown[]>();
  readonly #state = new Map<string, unknown>();
  /** Fails the asynchronous task that is going on, and its id. */
  #fail: ((thrown: unknown) => void) | undefined;
  #running = -1;
  #idleSince = 0;
  #lookMs = 0;
  #untold = 0;

  constructor({ board, seat, port, spinMs, hooks }: WorkerStart) {
    this.#seat = new Seat(board, seat);
    this.#port = port;
    this.#patience = new Patience(spinMs);
    this.#hooks = hooks;
    this.#values = new Values(board.view);
  }

  begin(): void {
    process.on('uncaughtException', (error) => this.#caught(error));
    // Keeps the thread alive while it sleeps.
    process.getBuiltinModule('node:worker_threads').parentPort?.on('message', () => undefined);
    this.#send({ ready: true });
    this.#turn();
  }

  /** Claims and runs until there is nothing, or something takes longer. */
  readonly #turn = (): void => {
    const begun = this.#now();
    let last = begun;
    let told = begun;
    for (let count = 0; count < mostInARow; count += 1) {
      const slot = this.#seat.claim();
      if (slot < 0) {
        this.#tell();
        this.#idleSince = last;
        this.#lookMs = this.#patience.begin();
        this.#idle();
        return;
      }
      if (this.#untold > 0 && last - told > longestUntoldMs) {
        this.#tell();
        told = last;
      }
      const moment = this.#run(slot, last);
      if (moment < 0) return;
      last = moment;
      this.#untold += 1;
      if (this.#untold >= mostUntold) {
        this.#tell();
        told = last;
      }
      if (last - begun > longestTurnMs) break;
    }
    this.#tell();
    setImmediate(this.#turn);
  };

  #tell(): void {
    this.#untold = 0;
    this.#seat.publish();
  }

  readonly #idle = (): void => {
    const seat = this.#seat;
    for (let look = 0; look < 100 && this.#lookMs > 0; look += 1)
      if (seat.hasMore()) {
        this.#patience.paid();
        this.#turn();
        return;
      }
    if (seat.isLeaving()) {
      this.#leave();
      return;
    }
    if (this.#lookMs > 0) {
      if (this.#now() - this.#idleSince < this.#lookMs) {
        setImmediate(this.#idle);
        return;
      }
      this.#patience.inVain();
    }
    const epoch = seat.announceSleep();
    if (seat.hasMore() || seat.isLeaving()) {
      seat.endSleep();
      setImmediate(this.#turn);
      return;
    }
    const wait = Atomics.waitAsync(seat.view, seat.bellCell, epoch);
    if (wait.async) void wait.value.then(this.#awake);
    else this.#awake();
  };

  readonly #awake = (): void => {
    this.#seat.endSleep();
    setImmediate(this.#turn);
  };

  #leave(): void {
    const exit = (): never => process.exit(0);
    if (this.#hooks === undefined) {
      exit();
      return;
    }
    void import(this.#hooks).then((module: { onExit?: () => unknown }) => module.onExit?.()).then(exit, exit);
  }

  /** Runs a claimed task. The moment at which it ended, or -1 when it goes on. */
  #run(slot: number, started: number): number {
    const seat = this.#seat;
    const at = seat.payloadOf(slot);
    const id = seat.idOf(slot);
    this.#values.writeMoment(at + STARTED, started);
    let open = true;
    let blocked = false;
    let parts = 0;
    const setBlocked = (now: boolean): void => {
      if (!open || blocked === now) return;
      blocked = now;
      seat.setBlocked(now);
    };
    const close = (): void => {
      setBlocked(false);
      open = false;
      setCurrentTask(undefined);
    };
    const task: CurrentTask = {
      id,
      get cancelled() {
        return seat.isCancelled(slot);
      },
      workerState: this.#state,
      part: (value) => {
        if (!open) return;
        const { value: part, list } = untransfer(value);
        this.#send({ id, slot, part, index: parts }, list);
        parts += 1;
      },
      blocking: (wait) => {
        setBlocked(true);
        let goesOn = false;
        try {
          const result = wait();
          goesOn = isThenable(result);
          if (!goesOn) return result;
          return Promise.resolve(result).finally(() => setBlocked(false)) as typeof result;
        } finally {
          if (!goesOn) setBlocked(false);
        }
      },
    };
    setCurrentTask(task);
    let result: unknown;
    let goesOn: boolean;
    try {
      const number = seat.view[at]!; // written by the pool
      const args = this.#values.read(at) ?? this.#received(slot, id);
      const handler = this.#handlers[number];
      result =
        handler === undefined
          ? this.#context.run(id, () => this.#loaded(number, args))
          : this.#context.run(id, handler, ...args);
      goesOn = isThenable(result);
    } catch (error) {
      close();
      return this.#end(slot, id, false, error);
    }
    if (!goesOn) {
      close();
      return this.#end(slot, id, true, result);
    }
    this.#tell();
    this.#running = id;
    const settle = (completed: boolean, value: unknown): void => {
      if (!open) return;
      close();
      this.#fail = undefined;
      this.#running = -1;
      this.#end(slot, id, completed, value);
      this.#tell();
      setImmediate(this.#turn);
    };
    this.#fail = (thrown) => settle(false, thrown);
    Promise.resolve(result).then(
      (value) => settle(true, value),
      (error: unknown) => settle(false, error),
    );
    return -1;
  }

  /** Brings a task to its end: its value or what it threw goes to the pool. */
  #end(slot: number, id: number, completed: boolean, value: unknown): number {
    const seat = this.#seat;
    const at = seat.payloadOf(slot);
    let succeeded = completed;
    if (completed) {
      if (!this.#values.write(at, [value])) {
        try {
          const { value: sent, list } = untransfer(value);
          this.#send({ id, value: sent }, list);
        } catch (error) {
          succeeded = false;
          this.#send({ id, thrown: encodeThrown(error) });
        }
      }
    } else this.#send({ id, thrown: encodeThrown(value) });
    const ended = this.#now();
    this.#values.writeMoment(at + ENDED, ended);
    seat.finish(slot, succeeded);
    return ended;
  }

  #send(message: FromWorker, list: readonly object[] = nothing): void {
    this.#port.postMessage(message, list);
    this.#seat.mailed();
  }

  async #loaded(number: number, args: readonly unknown[]): Promise<unknown> {
    this.#receive();
    const { module, name } = this.#definitions.get(number)!; // sent before the first task of its number
    const exports = (await import(module)) as Record<string, unknown>;
    const handler = exports[name];
    if (typeof handler !== 'function')
      throw new TypeError(
        `${module} exports no function "${name}", but ${Object.keys(exports).join(', ') || 'nothing'}`,
      );
    this.#handlers[number] = handler as Handler;
    return (handler as Handler)(...args);
  }

  #receive(): void {
    const { receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
    for (;;) {
      const received = receiveMessageOnPort(this.#port as never);
      if (received === undefined) return;
      const message = received.message as ToWorker;
      if ('define' in message) this.#definitions.set(message.define, message);
      else this.#arguments.set(message.id, 'args' in message ? message.args : [unsendable]);
    }
  }

  /** The arguments of a task that come by message. The pool sends them when it has dealt the task, and what moves when the task has begun. */
  #received(slot: number, id: number): readonly unknown[] {
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    for (let looks = 0; ; looks += 1) {
      this.#receive();
      const args = this.#arguments.get(id);
      if (args === undefined) {
        if (looks === 0) this.#seat.ask();
        if (this.#seat.isCancelled(slot)) throw new TypeError('cancelled before its arguments came');
        Atomics.wait(nobody, 0, 0, 0.05);
        continue;
      }
      this.#arguments.delete(id);
      if (args[0] === unsendable) throw new TypeError('the arguments could not be sent');
      return args;
    }
  }

  /** What was thrown outside of any call: by the asynchronous task that is going on, or left over from one before. */
  #caught(error: unknown): void {
    if (this.#fail !== undefined && this.#context.getStore() === this.#running) this.#fail(error);
    else this.#send({ late: encodeThrown(error) });
  }
}

const unsendable: unique symbol = Symbol('unsendable');

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
