/**
 * A worker channel as it is often written: a listener for each call. Its steps are methods, for the broken ones to replace. Sound as it
 * stands, so that each twin has one fault.
 */
import {
  type Clock,
  ClosedError,
  DroppedError,
  type ManagedWorkerOptions,
  type RequestOptions,
  systemClock,
  TimeoutError,
  WorkerDiedError,
  type WorkerLike,
} from '../../src/runtime/index.ts';
import { decodeThrown, type RemoteThrown } from '../../src/runtime/remote-error.ts';

/** What comes from the worker; see src/runtime/channel/messages.ts. */
export interface Answer {
  readonly type: string;
  readonly seq: number;
  readonly to: number;
  readonly value: unknown;
  readonly thrown: RemoteThrown;
}

export interface SimpleCall {
  readonly number: number;
  readonly kind: 'ping' | 'request';
  readonly handler: string;
}

type Settle = (error: unknown, value?: unknown) => void;

export class SimpleWorker {
  state: 'starting' | 'ready' | 'ended' = 'starting';
  protected readonly worker: WorkerLike;
  protected readonly pending: Set<Settle> = new Set();
  protected begin!: (error?: Error) => void; // set by `start`, before anything can come
  readonly #clock: Clock;
  readonly #seen = new Set<number>();
  /** Whether the message that is being delivered came for the first time. */
  #fresh = false;
  #sent = 0;
  #closing = false;
  #gone: (() => void)[] = [];

  protected constructor(options: ManagedWorkerOptions) {
    this.worker = options.spawn!(); // the property gives one
    this.#clock = options.clock ?? systemClock;
    this.worker.on('message', this.#onMessage as never);
    this.worker.on('error', this.#onError);
    this.worker.on('exit', this.#onExit as never);
  }

  static start(options: ManagedWorkerOptions): Promise<SimpleWorker> {
    return new this(options).starting(options.startLimitMs ?? 5_000);
  }

  ping(timeoutMs: number): Promise<number> {
    return this.#call('ping', '', undefined, { timeoutMs }) as Promise<number>;
  }

  request(handler: string, input: unknown, options: RequestOptions = {}): Promise<unknown> {
    return this.#call('request', handler, input, options);
  }

  shutdown(graceMs: number): Promise<void> {
    if (this.state === 'ended') return Promise.resolve();
    this.#closing = true;
    const cancel = this.#clock.after(graceMs, () => void this.worker.terminate());
    this.#post({ type: 'shutdown' });
    return new Promise((resolve) => {
      this.#gone.push(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Nothing to compare. */
  stats(): undefined {
    return undefined;
  }

  /** Whether an answer is the one of a call. */
  protected belongs(answer: Answer, { number, kind }: SimpleCall): boolean {
    return answer.to === number && (answer.type === 'pong') === (kind === 'ping');
  }

  /** The worker ended while it was starting. */
  protected diedAtLoad(): void {
    this.begin(this.#goneError());
  }

  /** The worker is gone: what the channel says of itself. */
  protected markEnded(): void {
    this.state = 'ended';
  }

  /** The worker is gone: ends what is pending. */
  protected rejectPending(): void {
    for (const settle of this.pending) settle(this.#goneError());
  }

  /** Takes the listener of a call back. */
  protected stopListening(listener: (value: never) => void): void {
    this.worker.off('message', listener);
  }

  protected starting(limitMs: number): Promise<this> {
    return new Promise((resolve, reject) => {
      let late: Error | undefined;
      const cancel = this.#clock.after(limitMs, () => {
        late = new TimeoutError('did not serve');
        if (this.state === 'ended') this.begin();
        else void this.worker.terminate();
      });
      this.begin = (error) => {
        if (error === undefined && late === undefined && this.state !== 'ended') {
          cancel();
          this.state = 'ready';
          resolve(this);
        } else if (error !== undefined || this.state === 'ended') {
          cancel();
          reject(late ?? error);
        }
      };
      this.#post({ type: 'hello', control: new Int32Array(new SharedArrayBuffer(8)) });
    });
  }

  #call(
    kind: SimpleCall['kind'],
    handler: string,
    input: unknown,
    { timeoutMs = Infinity, signal, onPart }: RequestOptions,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.state !== 'ready' || this.#closing) throw this.#goneError();
      const number = this.#post(kind === 'ping' ? { type: 'ping' } : { type: 'request', handler, input });
      const call = { number, kind, handler };
      const settle: Settle = (error, value) => {
        cancel();
        this.pending.delete(settle);
        this.stopListening(listener as never);
        if (error === undefined) resolve(value);
        else reject(error);
      };
      const listener = (answer: Answer): void => {
        if (!this.#fresh || answer.to === undefined || !this.belongs(answer, call)) return;
        if (answer.type === 'pong') settle(undefined, 0);
        else if (answer.type === 'result') settle(undefined, answer.value);
        else if (answer.type === 'part') onPart?.(answer.value, 0);
        else if (answer.type === 'error') settle(decodeThrown(answer.thrown));
        else settle(new DroppedError('dropped'));
      };
      const giveUp = (error: unknown): void => {
        if (!this.pending.has(settle)) return;
        settle(error);
        this.#post({ type: 'abort', of: number });
      };
      const cancel = this.#clock.after(timeoutMs, () => giveUp(new TimeoutError('no answer')));
      signal?.addEventListener('abort', () => giveUp(signal.reason), { once: true });
      this.pending.add(settle);
      this.worker.on('message', listener as never);
    });
  }

  #post(message: object): number {
    this.#sent += 1;
    this.worker.postMessage({ ...message, seq: this.#sent, at: this.#clock.now() });
    return this.#sent;
  }

  #goneError(): Error {
    return this.#closing ? new ClosedError('shut down') : new WorkerDiedError('died', 1);
  }

  readonly #onMessage = ({ type, seq }: Answer): void => {
    this.#fresh = !this.#seen.has(seq);
    this.#seen.add(seq);
    if (this.#fresh && type === 'ready') this.begin();
  };

  readonly #onError = (): void => {};

  readonly #onExit = (): void => {
    const was = this.state;
    this.worker.off('message', this.#onMessage as never);
    this.worker.off('error', this.#onError);
    this.worker.off('exit', this.#onExit as never);
    this.markEnded();
    if (was === 'starting') this.diedAtLoad();
    this.rejectPending();
    for (const gone of this.#gone) gone();
  };
}
