/**
 * The worker's end of a channel: runs handlers for the requests of the thread that started it. A thin shell of messages and promises;
 * who is next is decided by LatestWins, what is out of order by SequenceWindow.
 */
import { encodeThrown } from '../remote-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { LatestWins } from './latest-wins.ts';
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
import { SequenceWindow } from './sequence-window.ts';

/** What a handler gets beside its input. */
export interface HandlerContext {
  /** Fires when the request is given up, as soon as the handler lets messages in (awaits something). */
  readonly signal: AbortSignal;
  /** Whether the request was given up: also true inside a handler that computes and lets no message in. One atomic load. */
  aborted(): boolean;
  /** Sends a preliminary answer: a quick one before a deep one. */
  part(value: unknown): void;
  /** When the request was sent, in milliseconds since the epoch. */
  readonly sentAt: number;
}

/** Answers a request; returns the result or a promise of it. Throws what the caller is to get. */
export type Handler = (input: never, context: HandlerContext) => unknown;

/** A handler that runs one request at a time, while at most `queue` others wait; of more, the oldest is dropped. */
export interface QueuedHandler {
  readonly run: Handler;
  /** Most that wait: 1 keeps the latest only, Infinity all. */
  readonly queue: number;
}

export type Handlers = Readonly<Record<string, Handler | QueuedHandler>>;

/** A result with what is to be moved instead of copied. */
export class Transferred {
  readonly value: unknown;
  readonly list: readonly unknown[];

  constructor(value: unknown, list: readonly unknown[]) {
    this.value = value;
    this.list = list;
  }
}

/** The port to the owner, as `parentPort` is one. */
export interface ServerPort extends Port {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  close(): void;
}

export interface ServeOptions {
  /** The port to the owner; the worker's `parentPort` by default. */
  readonly port?: ServerPort;
  readonly clock?: Clock;
}

interface Job {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
  readonly sentAt: number;
  readonly abort: AbortController;
}

interface Service {
  readonly run: Handler;
  /** Undefined for handlers that run as many requests as come. */
  readonly line: LatestWins<Job> | undefined;
}

/**
 * Begins to serve: call it once, when the worker has loaded what its handlers need. The owner's `start` resolves then.
 *
 * A handler is a function of (input, context), synchronous or asynchronous; those of one name run at the same time as far as they await,
 * unless `{ run, queue }` puts them in a line. The worker ends when its owner shuts it down and the running handlers are done.
 *
 * @throws TypeError when this is no worker and no port is given, or a handler is no function
 */
export function serve(handlers: Handlers, options: ServeOptions = {}): void {
  const port = options.port ?? parentPort();
  new Server(handlers, port, options.clock ?? systemClock);
}

function parentPort(): ServerPort {
  const port = process.getBuiltinModule('node:worker_threads').parentPort;
  if (port !== null) return port as ServerPort;
  throw new TypeError(
    'serve() answers the thread that started this one, but this is the main thread: call it in a worker',
  );
}

class Server {
  readonly #services = new Map<string, Service>();
  readonly #jobs = new Map<number, Job>();
  readonly #window = new SequenceWindow();
  readonly #port: ServerPort;
  readonly #clock: Clock;
  readonly #outbox: Outbox<MessageFromWorker>;
  #control: Int32Array<SharedArrayBuffer> | undefined;
  #closing = false;

  constructor(handlers: Handlers, port: ServerPort, clock: Clock) {
    for (const [name, handler] of Object.entries(handlers)) {
      const { run, queue } = typeof handler === 'function' ? { run: handler, queue: undefined } : handler;
      if (typeof run !== 'function') {
        throw new TypeError(`handler "${name}" is ${typeof run}: give a function, or { run, queue }`);
      }
      this.#services.set(name, { run, line: queue === undefined ? undefined : new LatestWins(queue) });
    }
    this.#port = port;
    this.#clock = clock;
    this.#outbox = new Outbox(port, clock);
    port.on('message', (message) => this.#receive(message));
  }

  #receive(value: unknown): void {
    if (!isMessage(value) || this.#window.receive(value.seq) === 'duplicate') return;
    const message = value as unknown as MessageToWorker & Envelope;
    switch (message.type) {
      case 'hello':
        this.#control = message.control;
        this.#outbox.post({ type: 'ready' });
        break;
      case 'ping':
        this.#outbox.post({ type: 'pong', to: message.seq });
        break;
      case 'request':
        this.#accept(message);
        break;
      case 'abort':
        this.#abort(message.of);
        break;
      case 'shutdown':
        this.#closing = true;
        this.#closeWhenIdle();
        break;
    }
  }

  #accept({ seq, at, handler, input }: Envelope & { handler: string; input: unknown }): void {
    const service = this.#services.get(handler);
    if (service === undefined) {
      this.#outbox.post({ type: 'unknown handler', to: seq, known: [...this.#services.keys()] });
      return;
    }
    const job: Job = { id: seq, name: handler, input, sentAt: at, abort: new AbortController() };
    this.#jobs.set(job.id, job);
    if (service.line === undefined) {
      this.#begin(service, job);
      return;
    }
    const { begin, dropped } = service.line.offer(job);
    for (const old of dropped) this.#drop(old);
    for (const next of begin) this.#begin(service, next);
  }

  /** The synchronous part of the handler runs inside; RUNNING tells the owner so. */
  #begin(service: Service, job: Job): void {
    const startedAt = this.#clock.now();
    const control = this.#control;
    let parts = 0;
    const context: HandlerContext = {
      signal: job.abort.signal,
      sentAt: job.sentAt,
      aborted: () =>
        job.abort.signal.aborted ||
        // Partner: the store of the owner that gives the request up.
        (control !== undefined && Atomics.load(control, CONTROL_CELLS.aborted) === job.id),
      part: (value) => {
        if (!this.#jobs.has(job.id)) return; // it has ended: nobody listens any more
        this.#outbox.post({ type: 'part', to: job.id, index: parts, value });
        parts += 1;
      },
    };
    let result: unknown;
    let goesOn = true;
    // Partner: the load of an owner that looks whether the worker is stuck in a request.
    if (control !== undefined) Atomics.store(control, CONTROL_CELLS.running, job.id);
    try {
      result = service.run(job.input as never, context);
      goesOn = isThenable(result);
    } catch (error) {
      result = Promise.reject(error);
    } finally {
      if (control !== undefined) Atomics.store(control, CONTROL_CELLS.running, 0);
    }
    if (goesOn) {
      Promise.resolve(result).then(
        (value) => this.#finish(service, job, startedAt, () => this.#post(job, value, startedAt)),
        (error: unknown) => this.#finish(service, job, startedAt, () => this.#fail(job, error, startedAt)),
      );
    } else {
      this.#finish(service, job, startedAt, () => this.#post(job, result, startedAt));
    }
  }

  #finish(service: Service, job: Job, startedAt: number, answer: () => void): void {
    try {
      answer();
    } catch (error) {
      // What cannot be cloned is an answer as well: an error.
      this.#fail(job, error, startedAt);
    }
    this.#jobs.delete(job.id);
    for (const next of service.line?.done() ?? []) this.#begin(service, next);
    this.#closeWhenIdle();
  }

  #post(job: Job, value: unknown, startedAt: number): void {
    const times = this.#times(startedAt);
    if (value instanceof Transferred) {
      this.#outbox.post({ type: 'result', to: job.id, value: value.value, times }, value.list);
    } else {
      this.#outbox.post({ type: 'result', to: job.id, value, times });
    }
  }

  #fail(job: Job, error: unknown, startedAt: number): void {
    this.#outbox.post({
      type: 'error',
      to: job.id,
      thrown: encodeThrown(error),
      times: this.#times(startedAt),
    });
  }

  #times(startedAt: number): HandlerTimes {
    return { startedAt, endedAt: this.#clock.now() };
  }

  #abort(id: number): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    job.abort.abort(new DOMException('the request was given up by its caller', 'AbortError'));
    for (const waiting of this.#services.get(job.name)?.line?.withdraw((each) => each === job) ?? []) {
      this.#drop(waiting);
    }
  }

  #drop(job: Job): void {
    this.#jobs.delete(job.id);
    this.#outbox.post({ type: 'dropped', to: job.id });
  }

  #closeWhenIdle(): void {
    if (this.#closing && this.#jobs.size === 0) this.#port.close();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
