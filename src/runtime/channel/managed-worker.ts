/**
 * The owner's end of a channel: a worker with a life of its own, and calls that are always settled. A thin shell of messages, timers and
 * promises; which call an answer belongs to is decided by RequestTable, what is out of order by SequenceWindow.
 */
import { checkSignal, onAbort } from '../abort.ts';
import { ClosedError, DroppedError, TimeoutError, UnknownHandlerError, WorkerDiedError } from '../errors.ts';
import { Histogram, type HistogramSummary } from '../histogram.ts';
import { PartStream, streamed } from '../part-stream.ts';
import { decodeThrown } from '../remote-error.ts';
import { tell } from '../tell.ts';
import { checkTimeout } from '../timeout.ts';
import { type Clock, systemClock } from './clock.ts';
import { Deferred } from './deferred.ts';
import {
  CONTROL_CELLS,
  type Envelope,
  type HandlerTimes,
  isMessage,
  type MessageFromWorker,
  type MessageToWorker,
  Outbox,
  type Port,
} from './messages.ts';
import { type RequestCounts, RequestTable } from './request-table.ts';
import { SequenceWindow } from './sequence-window.ts';

/** What a worker is to its owner: `Worker` of Node's worker_threads, or a stand-in. */
export interface WorkerLike extends Port {
  on(event: 'message' | 'messageerror' | 'error' | 'exit', listener: (value: never) => void): unknown;
  off(event: 'message' | 'messageerror' | 'error' | 'exit', listener: (value: never) => void): unknown;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

export interface ManagedWorkerOptions {
  /** Module of the worker, which calls `serve`: a file URL or path of JavaScript. */
  readonly module: string | URL;
  /** For messages and errors; the module by default. */
  readonly name?: string;
  /** Options of Node's `Worker`: workerData, env, execArgv, resourceLimits, ... */
  readonly worker?: object;
  /** How long the worker may take until it serves, in milliseconds; 5,000 by default. */
  readonly startLimitMs?: number;
  /**
   * How long a handler that was given up (time limit, abort) may go on computing without letting messages in, before its worker is
   * ended, in milliseconds; 1,000 by default, Infinity for never. Handlers that await are left alone.
   */
  readonly stuckAfterMs?: number;
  readonly clock?: Clock;
  /** Makes the worker; `new Worker(module, worker)` by default. */
  readonly spawn?: () => WorkerLike;
}

export interface RequestOptions {
  /** Milliseconds from now until the request is given up; Infinity by default. */
  readonly timeoutMs?: number;
  /** Gives the request up; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** What to move into the worker instead of copying it: ArrayBuffers, MessagePorts. */
  readonly transfer?: readonly unknown[];
  /** Gets preliminary answers, in order; an old one that comes after a newer one is left out. */
  readonly onPart?: (value: unknown, index: number) => void;
}

/** How a worker ended. */
export interface WorkerEnd {
  /**
   * - `shut down`: it was asked to, and ended by itself. `forced`: it was asked to, and did not in time.
   * - `start failed`: it never served. `stuck`: a handler that was given up did not let go. `died`: anything else.
   */
  readonly reason: 'shut down' | 'forced' | 'start failed' | 'stuck' | 'died';
  readonly exitCode: number;
  /** The uncaught error, where there was one. */
  readonly error?: unknown;
}

type Life =
  | { readonly state: 'starting' | 'stopping'; readonly cancel: () => void }
  | { readonly state: 'ready' }
  | { readonly state: 'ended'; readonly end: WorkerEnd };

/** What went wrong on the way, and what became of the calls. Counts since the start. */
export interface ChannelStats extends RequestCounts {
  /** Messages that came twice; the second one is ignored. */
  readonly repeated: number;
  /** Messages that came after one that was sent later. They are taken. */
  readonly outOfOrder: number;
  /** Messages before the latest one that have not come. */
  readonly missing: number;
  /** Messages that are not of this protocol, or could not be read. */
  readonly foreign: number;
}

/** Where the time of answered requests went, in milliseconds: waiting for the handler, in the handler, from request to answer. */
export interface Delays {
  readonly queue: HistogramSummary;
  readonly processing: HistogramSummary;
  readonly total: HistogramSummary;
}

interface Call {
  readonly kind: 'ping' | 'request';
  readonly what: string;
  readonly sentAt: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  readonly onPart: ((value: unknown, index: number) => void) | undefined;
  /** Index that the next part must have at least. */
  nextPart: number;
  /** Takes timers and listeners back. */
  release(): void;
}

const DEFAULT_START_LIMIT_MS = 5_000;
const DEFAULT_STUCK_AFTER_MS = 1_000;
const DEFAULT_GRACE_MS = 500;
const PING_LIMIT_MS = 1_000;
const events = ['message', 'messageerror', 'error', 'exit'] as const;

/**
 * A worker that was started and serves. Every ping and request is settled exactly once: by its own answer, by its time limit or signal, or
 * by the end of the worker. Keeps the process alive only while something is pending.
 */
export class ManagedWorker {
  readonly name: string;
  readonly #worker: WorkerLike;
  readonly #clock: Clock;
  readonly #stuckAfterMs: number;
  readonly #outbox: Outbox<MessageToWorker>;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_CELLS.count));
  readonly #table = new RequestTable<Call>();
  readonly #window = new SequenceWindow();
  readonly #delays = { queue: new Histogram(), processing: new Histogram(), total: new Histogram() };
  readonly #listeners: Readonly<Record<(typeof events)[number], (value: never) => void>>;
  readonly #begun = new Deferred<void>();
  readonly #ended = new Deferred<WorkerEnd>();
  /** Looks whether the worker is stuck, to be taken back at its end. */
  readonly #watches = new Set<() => void>();
  #life: Life;
  /** Why the worker is being ended, where it is not the end of its own. */
  #reason: WorkerEnd['reason'] | undefined;
  /** When it is ended by force, once it shuts down. */
  #forceAt = Infinity;
  #startError: Error | undefined;
  #error: { readonly thrown: unknown } | undefined;
  #repeated = 0;
  #outOfOrder = 0;
  #foreign = 0;

  private constructor(options: ManagedWorkerOptions) {
    const { module, worker, startLimitMs = DEFAULT_START_LIMIT_MS } = options;
    this.name = options.name ?? String(module);
    this.#clock = options.clock ?? systemClock;
    this.#stuckAfterMs = options.stuckAfterMs ?? DEFAULT_STUCK_AFTER_MS;
    checkTimeout(startLimitMs);
    checkTimeout(this.#stuckAfterMs);
    this.#worker = options.spawn?.() ?? spawnWorker(module, worker);
    this.#outbox = new Outbox(this.#worker, this.#clock);
    this.#listeners = {
      message: (value: never) => this.#receive(value),
      messageerror: () => {
        this.#foreign += 1;
      },
      error: (thrown: never) => {
        this.#error ??= { thrown };
      },
      exit: (code: never) => this.#exited(code),
    };
    for (const event of events) this.#worker.on(event, this.#listeners[event]);
    const cancel = this.#clock.after(startLimitMs, () => {
      this.#startError = new TimeoutError(
        `worker ${this.name} did not serve within ${startLimitMs} ms: let it call serve(), or give a longer startLimitMs`,
      );
      // From here on a worker that serves after all is not taken any more.
      this.#reason = 'start failed';
      this.#life = { state: 'stopping', cancel: () => {} };
      void this.#worker.terminate();
    });
    this.#life = { state: 'starting', cancel };
    this.#outbox.post({ type: 'hello', control: this.#control });
  }

  /**
   * Starts a worker and resolves when it serves.
   *
   * Rejects, with nothing left behind (no worker, no listener, no timer), with WorkerDiedError as soon as the worker ends by itself (its
   * `cause` is the uncaught error), with TimeoutError when it does not serve in time, with RangeError for limits that are none, and with what
   * `new Worker` throws.
   */
  static async start(options: ManagedWorkerOptions): Promise<ManagedWorker> {
    const managed = new ManagedWorker(options);
    await managed.#begun.promise;
    return managed;
  }

  get state(): 'starting' | 'ready' | 'stopping' | 'ended' {
    return this.#life.state;
  }

  /** Resolves when the worker is gone, however that came. Never rejects. Does not keep the process alive. */
  get ended(): Promise<WorkerEnd> {
    return this.#ended.promise;
  }

  /**
   * Asks the worker for a sign of life, and resolves with the round trip in milliseconds.
   *
   * Rejects with TimeoutError after `timeoutMs` (1,000 by default): the worker is computing or stuck. With ClosedError or WorkerDiedError
   * when it has ended or ends.
   */
  ping(timeoutMs: number = PING_LIMIT_MS): Promise<number> {
    return this.#call('ping', 'a ping', { type: 'ping' }, { timeoutMs }) as Promise<number>;
  }

  /**
   * Runs a handler of the worker on an input, which structured clone must carry over, and resolves with its result.
   *
   * Rejects with what the handler throws (of the nearest built-in class, with name, message, stack, code, fields and causes as in the
   * worker), with TimeoutError, with the reason of the signal, with DroppedError when newer requests took its place in the line, with
   * UnknownHandlerError, with DataCloneError when input or result cannot be cloned, and with ClosedError or WorkerDiedError when the worker has ended
   * or ends.
   */
  request(handler: string, input?: unknown, options: RequestOptions = {}): Promise<unknown> {
    return this.#call(
      'request',
      `request "${String(handler)}"`,
      { type: 'request', handler, input },
      options,
    );
  }

  /**
   * As `request`, but yields the preliminary answers as they come, and the result last. Begins with the first `next`. Leaving the loop early, or
   * `return`, gives the request up.
   */
  stream(handler: string, input?: unknown, options: RequestOptions = {}): PartStream {
    return new PartStream((left, onPart) => this.request(handler, input, streamed(options, left, onPart)));
  }

  /**
   * Ends the worker: lets the running requests finish for `graceMs` milliseconds (500 by default; 0: at once), then by force. Nothing new
   * is taken meanwhile. Resolves when the worker is gone; calls that are pending then reject with ClosedError. May be called again.
   *
   * Rejects with RangeError when the limit is negative or NaN.
   */
  async shutdown(graceMs: number = DEFAULT_GRACE_MS): Promise<WorkerEnd> {
    checkTimeout(graceMs);
    const life = this.#life;
    if (life.state === 'starting' || life.state === 'ready') {
      if (life.state === 'starting') life.cancel();
      this.#reason = 'shut down';
      this.#life = { state: 'stopping', cancel: () => {} };
      this.#worker.ref();
      this.#outbox.post({ type: 'shutdown' });
    }
    // The earliest limit holds; a worker that is being ended by force already has none.
    const forceAt = this.#clock.now() + graceMs;
    if (this.#life.state === 'stopping' && this.#reason === 'shut down' && forceAt < this.#forceAt) {
      this.#forceAt = forceAt;
      this.#life.cancel();
      const force = (): void => {
        this.#reason = 'forced';
        void this.#worker.terminate();
      };
      this.#life = {
        state: 'stopping',
        cancel: graceMs === 0 ? () => {} : this.#clock.after(graceMs, force),
      };
      if (graceMs === 0) force();
    }
    return this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  stats(): ChannelStats {
    return {
      ...this.#table.counts(),
      repeated: this.#repeated,
      outOfOrder: this.#outOfOrder,
      missing: this.#window.missing,
      foreign: this.#foreign,
    };
  }

  /** Where the time of the answered requests went. */
  delays(): Delays {
    const { queue, processing, total } = this.#delays;
    return { queue: queue.toJSON(), processing: processing.toJSON(), total: total.toJSON() };
  }

  #call(
    kind: Call['kind'],
    what: string,
    message: MessageToWorker,
    options: RequestOptions,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkOptions(options);
      const { timeoutMs = Infinity, signal, transfer, onPart } = options;
      signal?.throwIfAborted();
      if (this.#life.state !== 'ready') throw this.#goneError(what);
      const number = this.#outbox.post(message, transfer);
      const cancel = this.#clock.after(timeoutMs, () => {
        this.#abandon(
          number,
          new TimeoutError(`worker ${this.name} did not answer ${what} within ${timeoutMs} ms`),
        );
      });
      const release = (): void => {
        cancel();
        ignore();
      };
      const ignore = onAbort(signal, () => this.#abandon(number, signal?.reason));
      if (this.#table.size === 0) this.#worker.ref();
      const sentAt = this.#clock.now();
      this.#table.open(number, { kind, what, sentAt, resolve, reject, onPart, nextPart: 0, release });
    });
  }

  #receive(value: unknown): void {
    if (!isMessage(value)) {
      this.#foreign += 1;
      return;
    }
    const arrival = this.#window.receive(value.seq);
    if (arrival === 'out of order') this.#outOfOrder += 1;
    if (arrival === 'duplicate') {
      this.#repeated += 1;
      return;
    }
    const message = value as unknown as MessageFromWorker & Envelope;
    switch (message.type) {
      case 'ready':
        this.#becomeReady();
        break;
      case 'pong': {
        const call = this.#answer(message.to, 'ping');
        call?.resolve(this.#clock.now() - call.sentAt);
        break;
      }
      case 'part':
        this.#part(message.to, message.index, message.value);
        break;
      case 'result': {
        const call = this.#answer(message.to, 'request');
        if (call !== undefined) this.#record(call, message.times);
        call?.resolve(message.value);
        break;
      }
      case 'error': {
        const call = this.#answer(message.to, 'request');
        if (call !== undefined) this.#record(call, message.times);
        call?.reject(decodeThrown(message.thrown));
        break;
      }
      case 'unknown handler':
        this.#answer(message.to, 'request')?.reject(
          new UnknownHandlerError(
            `worker ${this.name} has no handler for this; it has ${message.known.join(', ') || 'none'}: give it to serve()`,
          ),
        );
        break;
      case 'dropped':
        this.#answer(message.to, 'request')?.reject(
          new DroppedError(`worker ${this.name} dropped this request for newer ones`),
        );
        break;
      default:
        this.#foreign += 1;
    }
  }

  #becomeReady(): void {
    if (this.#life.state !== 'starting') return;
    this.#life.cancel();
    this.#life = { state: 'ready' };
    this.#worker.unref();
    this.#begun.resolve();
  }

  #answer(number: number, kind: Call['kind']): Call | undefined {
    const call = this.#table.answer(number, kind);
    if (call !== undefined) this.#settled(call);
    return call;
  }

  /** To be called for each call that leaves the table. */
  #settled(call: Call): void {
    call.release();
    if (this.#table.size === 0 && this.#life.state === 'ready') this.#worker.unref();
  }

  #part(number: number, index: number, value: unknown): void {
    const call = this.#table.peek(number, 'request');
    if (call === undefined || index < call.nextPart) return;
    call.nextPart = index + 1;
    const { onPart } = call;
    if (onPart !== undefined) tell(() => onPart(value, index));
  }

  #record(call: Call, { startedAt, endedAt }: HandlerTimes): void {
    this.#delays.queue.record(startedAt - call.sentAt);
    this.#delays.processing.record(endedAt - startedAt);
    this.#delays.total.record(this.#clock.now() - call.sentAt);
  }

  /** Gives a call up: its time limit or its signal came before its answer. */
  #abandon(number: number, error: unknown): void {
    const call = this.#table.abandon(number);
    if (call === undefined) return;
    this.#settled(call);
    call.reject(error);
    if (call.kind === 'ping' || this.#life.state === 'ended') return;
    const isRunning = (): boolean => Atomics.load(this.#control, CONTROL_CELLS.running) === number;
    // Partners: the store of RUNNING around the handler, the load in `aborted`. A handler that computes sees no message, but this.
    if (isRunning()) Atomics.store(this.#control, CONTROL_CELLS.aborted, number);
    this.#outbox.post({ type: 'abort', of: number });
    const look = (): void => {
      this.#watches.delete(cancel);
      if (!isRunning()) return;
      this.#reason = 'stuck';
      void this.#worker.terminate();
    };
    const cancel = this.#clock.after(this.#stuckAfterMs, look, true);
    this.#watches.add(cancel);
  }

  #exited(exitCode: number): void {
    const life = this.#life;
    if (life.state === 'ended') return;
    if (life.state !== 'ready') life.cancel();
    const begun = life.state === 'starting';
    const end: WorkerEnd = {
      reason: this.#reason ?? (begun ? 'start failed' : 'died'),
      exitCode,
      ...(this.#error === undefined ? {} : { error: this.#error.thrown }),
    };
    this.#life = { state: 'ended', end };
    for (const event of events) this.#worker.off(event, this.#listeners[event]);
    for (const cancel of this.#watches) cancel();
    this.#watches.clear();
    for (const call of this.#table.drain()) {
      call.release();
      call.reject(this.#goneError(call.what));
    }
    this.#begun.reject(this.#startError ?? this.#goneError('its start'));
    this.#ended.resolve(end);
  }

  /** Why a call cannot be answered (any more). */
  #goneError(what: string): Error {
    const { name } = this;
    const life = this.#life;
    if (life.state !== 'ended')
      return new ClosedError(`worker ${name} is ${life.state}: it takes no ${what}`);
    const { reason, exitCode } = life.end;
    if (reason === 'shut down' || reason === 'forced') {
      return new ClosedError(`worker ${name} was shut down before it answered ${what}`);
    }
    const why =
      reason === 'stuck'
        ? 'was ended, since a handler that was given up did not let go,'
        : `ended by itself with exit code ${exitCode}`;
    const options = this.#error === undefined ? undefined : { cause: this.#error.thrown };
    return new WorkerDiedError(`worker ${name} ${why} before it answered ${what}`, exitCode, options);
  }
}

/** Before anything of the channel knows of the call. */
function checkOptions(options: RequestOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`the options of a request are an object, got ${String(options)}`);
  const { timeoutMs, signal, onPart } = options;
  if (timeoutMs !== undefined) checkTimeout(timeoutMs);
  checkSignal(signal, 'a request');
  if (onPart !== undefined && typeof onPart !== 'function')
    throw new TypeError(`onPart of a request is a function, got ${String(onPart)}`);
}

function spawnWorker(module: string | URL, options: object | undefined): WorkerLike {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  return new Worker(module, options) as unknown as WorkerLike;
}
