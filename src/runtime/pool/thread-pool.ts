/** A pool of worker threads. What decides is the TaskBoard; this file is what stands around it on the owner's thread: promises, threads, timers. */
import { ClosedError } from '../errors.ts';
import { PartStream, streamed } from '../part-stream.ts';
import { decodeThrown } from '../remote-error.ts';
import { tell } from '../tell.ts';
import { type BoardShape, boardCells } from './board-layout.ts';
import { CLOSED } from './board-state.ts';
import { boundedMap } from './bounded-map.ts';
import { type Equipment, unequipped } from './equipment.ts';
import { type Definition, Handlers } from './handlers.ts';
import { Lookout } from './lookout.ts';
import { Outgoing } from './outgoing.ts';
import { type PoolPlatform, systemPlatform } from './platform.ts';
import {
  aheadMs,
  longTaskMs,
  mostFalseStarts,
  priorities,
  ring,
  trivialMs,
  worthMs,
} from './pool-constants.ts';
import { livedMs, retireIdle } from './pool-crew.ts';
import { closedError, deathOf, falseStartsOf, fullError } from './pool-errors.ts';
import { PoolMember } from './pool-member.ts';
import { checkRun, configurationOf, type PoolConfiguration, type ThreadPoolOptions } from './pool-options.ts';
import { PoolTimes } from './pool-times.ts';
import {
  type Entry,
  entryOf,
  type PoolMetrics,
  type PoolTask,
  type RunOptions,
  type WorkerStatus,
} from './pool-types.ts';
import { Suspicion } from './suspicion.ts';
import { TaskBoard } from './task-board.ts';
import { watchLimits } from './task-limits.ts';
import { ENDED, STARTED, Values } from './values.ts';
import { WaitingRoom } from './waiting-room.ts';

const none: RunOptions = {};

export class ThreadPool {
  readonly #options: PoolConfiguration;
  readonly #equip: () => Equipment;
  readonly #board: TaskBoard;
  readonly #values: Values;
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #outgoing = new Outgoing();
  readonly #platform: PoolPlatform;
  readonly #entries: (Entry | undefined)[] = [];
  readonly #outside = new WaitingRoom(() => this.#tellDrained());
  readonly #handlers: Handlers;
  readonly #define = (definition: Definition): void => {
    for (const member of this.#members) member?.port.postMessage(definition);
  };
  readonly #members: (PoolMember | undefined)[];
  readonly #times = new PoolTimes();
  readonly #lookout: Lookout;
  readonly #suspicion: Suspicion;
  #pending = 0;
  #deaths = 0;
  #lateErrors = 0;
  #falseStarts = 0;
  #flushing = false;
  #closed = false;
  #broken: Error | undefined;
  /** The worker whose thread has just ended. */
  #dying: PoolMember | undefined;
  #exitCode = 0;
  #cancelIdleCheck = (): void => {};
  readonly #drained: (() => void)[] = [];
  readonly #gone: (() => void)[] = [];

  /**
   * Starts `minThreads` workers. Nothing of it keeps the process alive but pending tasks.
   *
   * @param equip called for each worker before it starts; for ThreadRuntime
   * @param platform for tests
   * @throws RangeError, TypeError when an option is out of range
   */
  constructor(
    options: ThreadPoolOptions = {},
    equip: () => Equipment = () => unequipped,
    platform: PoolPlatform = systemPlatform(),
  ) {
    const configuration = configurationOf(options);
    this.#platform = platform;
    this.#equip = equip;
    this.#options = configuration;
    this.#handlers = new Handlers(configuration.module);
    const shape: BoardShape = {
      capacity: configuration.queueLimit,
      seats: configuration.maxThreads + 1,
      ring,
    };
    this.#view = new Int32Array(new SharedArrayBuffer(4 * boardCells(shape)));
    this.#board = TaskBoard.create(this.#view, 0, shape);
    this.#values = new Values(this.#view);
    this.#members = Array.from({ length: shape.seats }, () => undefined);
    this.#lookout = new Lookout(this.#board, this.#view, configuration.spinMs, platform, {
      collect: () => this.#collect(),
      onChange: () => this.#flushSoon(),
      attend: () => this.#attend(1),
      isBusy: () => this.#pending > 0 && this.#times.meanMs < longTaskMs,
      isNeeded: () => !this.#isDrained() || this.#gone.length > 0,
    });
    const giveUp = this.#cancel.bind(this);
    this.#suspicion = new Suspicion(
      this.#board,
      this.#entries,
      this.#outside,
      configuration.graceMs,
      platform,
      giveUp,
    );
    this.#checkIdleLater();
    for (let i = 0; i < configuration.minThreads; i += 1) this.#start();
  }

  /**
   * Runs a task on a worker; resolves with its result. Arguments and result are copied as by structured clone.
   *
   * @throws (rejects) what the task throws, with name, message, code, fields, cause and both stacks; ClosedError when the pool is closed;
   *   WorkerDiedError when the worker died in it; TimeoutError when it ran too long; the signal's reason when it was cancelled;
   *   DataCloneError when something of it cannot be sent
   */
  run<Result = unknown>(
    task: PoolTask,
    args: readonly unknown[] = [],
    options: RunOptions = none,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#submit(task, args, options, resolve as (value: unknown) => void, reject);
    });
  }

  /**
   * As `run`, but yields the preliminary results (`part` of the current task) as they come, and the result last. Begins with the first `next`; leaving
   * the loop early, or `return`, cancels the task. Ends with what `run` rejects with, after the parts that came before.
   */
  stream(task: PoolTask, args: readonly unknown[] = [], options: RunOptions = none): PartStream {
    return new PartStream((left, onPart) => this.run(task, args, streamed(options, left, onPart)));
  }

  /**
   * Runs a task for each item, at most `concurrency` at a time; the results are in the order of the items. Rejects with the first error;
   * items that have not begun are not begun then.
   */
  map<Item, Result = unknown>(
    items: Iterable<Item> | AsyncIterable<Item>,
    task: PoolTask,
    {
      concurrency = 4 * this.#options.maxThreads,
      ...options
    }: RunOptions & { readonly concurrency?: number } = {},
  ): Promise<Result[]> {
    return boundedMap(items, concurrency, (item) => this.run<Result>(task, [item], options));
  }

  /** Runs a task once on every worker that is there. The outcomes, by worker. */
  async broadcast<Result = unknown>(
    task: PoolTask,
    args: readonly unknown[] = [],
  ): Promise<PromiseSettledResult<Result>[]> {
    const toSeat = (seat: number): Promise<Result> =>
      new Promise((resolve, reject) => {
        this.#submit(task, args, none, resolve as (value: unknown) => void, reject, seat);
      });
    return Promise.allSettled(
      this.#members.flatMap((member, seat) => (member === undefined ? [] : [toSeat(seat)])),
    );
  }

  /** Resolves when nothing is pending. */
  drain(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  /** Takes no more tasks; resolves when all that were taken have settled and the workers are gone. Final. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelIdleCheck();
    await this.drain();
    this.#board.close();
    if (this.#members.some((member) => member !== undefined))
      await new Promise<void>((resolve) => {
        this.#gone.push(resolve);
        this.#lookout.keepAlive();
      });
    this.#lookout.end();
  }

  /** Takes no more tasks, rejects all that are pending, and ends the workers, whatever they do. */
  async terminate(): Promise<void> {
    this.#closed = true;
    this.#rejectAll(new ClosedError('the ThreadPool was terminated'));
    await Promise.all(this.#members.map((member) => member?.thread.terminate()));
    await this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What every worker does, and how many tasks it has ended. */
  workers(): WorkerStatus[] {
    const states = this.#board.seats();
    return this.#members.flatMap((member, seat) =>
      member === undefined ? [] : [{ state: states[seat] === 'busy' ? 'busy' : 'idle', tasks: member.tasks }],
    );
  }

  metrics(): PoolMetrics {
    return {
      ...this.#board.account(),
      threads: this.#members.filter(Boolean).length,
      deaths: this.#deaths,
      lateErrors: this.#lateErrors,
      ...this.#times.summary(livedMs(this.#members, this.#platform.now())),
    };
  }

  #submit(
    task: PoolTask,
    args: readonly unknown[],
    options: RunOptions,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
    seat = -1,
  ): void {
    checkRun(args, options);
    const { signal } = options;
    // Thrown here it rejects: the callers are promises.
    if (signal?.aborted === true) throw signal.reason;
    const definition = this.#handlers.definitionOf(task, this.#define);
    if (this.#closed) throw this.#broken ?? closedError();
    // A stack costs as much as a trivial task.
    const { meanMs } = this.#times;
    const caller = meanMs < trivialMs && meanMs > 0 ? undefined : new Error('asked for here');
    const entry = entryOf(definition, args, options, resolve, reject, caller);
    const waits = this.#options.whenFull === 'wait';
    const mayEnter = !waits || (this.#outside.size === 0 && this.#board.hasRoom());
    if (mayEnter && this.#enter(entry, seat)) return;
    if (waits) {
      this.#outside.enter(() => this.#enter(entry, seat), reject, signal);
      this.#flushSoon();
    } else reject(fullError(this.#options.queueLimit));
  }

  /** Puts a task on the board, to any worker or to one seat; false when there is no room. */
  #enter(entry: Entry, seat: number): boolean {
    const { options } = entry;
    const small = this.#outgoing.pack(entry);
    const repeats = options.repeatable === true ? this.#options.mostRepeats : 0;
    const slot =
      seat < 0
        ? this.#board.submit(this.#outgoing.payload, priorities[options.priority ?? 'normal'], repeats)
        : this.#board.submitTo(seat, this.#outgoing.payload);
    if (slot === CLOSED) {
      entry.reject(closedError());
      return true;
    }
    if (slot < 0) return false;
    entry.id = this.#board.lastId;
    entry.submitted = this.#platform.now();
    this.#entries[slot] = entry;
    this.#pending += 1;
    this.#outgoing.place(slot, small);
    if (options.signal !== undefined || options.timeoutMs !== undefined) this.#watch(slot, entry);
    this.#flushSoon();
    return true;
  }

  /** The payload of a task that runs again. */
  readonly #renew = (slot: number): Int32Array => {
    const entry = this.#entries[slot]!; // it is pending
    entry.deaths += 1;
    this.#outgoing.place(slot, this.#outgoing.pack(entry));
    return this.#outgoing.payload;
  };

  #watch(slot: number, entry: Entry): void {
    entry.release = watchLimits(entry.options, this.#platform, {
      isPending: () => this.#entries[slot] === entry,
      ranMs: () => {
        if (!this.#board.isRunning(slot, entry.id)) return -1;
        return this.#values.ranMs(this.#board.payloadOf(slot), this.#platform.now());
      },
      cancel: (reason) => this.#cancel(slot, entry, reason),
    });
  }

  /** Settles an entry that will have no result; ends its worker when it does not let go. */
  #cancel(slot: number, entry: Entry, reason: unknown): void {
    if (this.#entries[slot] !== entry) return;
    const seat = this.#board.seatOf(slot, entry.id);
    const result = this.#board.cancel(slot, entry.id);
    if (result === 'late') return;
    this.#forget(slot, entry);
    entry.reject(reason);
    const member = seat === undefined ? undefined : this.#members[seat];
    if (result === 'requested' && member !== undefined) {
      member.ignore(entry.id, this.#board.mailedBy(member.seat));
      const isIn = (): boolean => this.#board.isRunning(slot, entry.id);
      const overdue = (): void => {
        if (!isIn()) return;
        // Until the thread has ended it may go on: it must not begin another task.
        this.#board.retire(member.seat);
        if (isIn()) void member.thread.terminate();
        this.#flushSoon();
      };
      this.#platform.after(this.#options.graceMs, overdue, true);
    }
    this.#flushSoon();
  }

  #forget(slot: number, entry: Entry): void {
    entry.release?.();
    this.#entries[slot] = undefined;
    this.#outgoing.forget(slot);
    this.#pending -= 1;
    this.#tellDrained();
  }

  #isDrained(): boolean {
    return this.#pending === 0 && this.#outside.size === 0;
  }

  #tellDrained(): void {
    if (this.#isDrained()) for (const resolve of this.#drained.splice(0)) resolve();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    this.#outside.admit(() => this.#board.hasRoom());
    this.#attend(this.#times.tasksIn(worthMs) ?? 1);
    this.#lookout.look();
  };

  /** Deals what is queued, sends what goes by message, and starts threads where there are too few. */
  #attend(least: number): void {
    this.#grow();
    this.#board.deal(Math.min(ring, this.#times.tasksIn(aheadMs) ?? 8), least);
    this.#outgoing.send(this.#board, this.#entries, this.#members);
    this.#suspicion.look();
  }

  #checkIdleLater(): void {
    const { idleMs, minThreads } = this.#options;
    const check = (): void => {
      retireIdle(this.#board, this.#members, minThreads);
      this.#checkIdleLater();
    };
    this.#cancelIdleCheck = this.#platform.after(idleMs, check, true);
  }

  #grow(): void {
    if (this.#broken !== undefined || (this.#closed && this.#isDrained())) return;
    const { minThreads, maxThreads } = this.#options;
    const wanted = Math.min(maxThreads, Math.max(minThreads, this.#pending));
    let threads = 0;
    for (const member of this.#members) if (member !== undefined) threads += 1;
    for (; threads < wanted; threads += 1) if (!this.#start()) return;
  }

  /** Settles what has ended; says whether there was anything. */
  #collect(): boolean {
    const passedOver = this.#board.passedOver;
    let found = false;
    for (let slot = this.#board.collect(); slot >= 0; slot = this.#board.collect()) {
      found = true;
      this.#settle(slot);
    }
    found ||= passedOver !== this.#board.passedOver;
    for (const member of this.#members) this.#listen(member);
    return found;
  }

  #settle(slot: number): void {
    const entry = this.#entries[slot]!; // of a task that was submitted here
    const at = this.#board.payloadOf(slot);
    const outcome = this.#board.outcomeOf(slot);
    const seat = this.#board.lastSeat;
    const member = seat < 0 ? this.#dying : this.#members[seat];
    if (outcome !== 'crashed') this.#measure(entry, at, member);
    if (entry.onPart !== undefined) this.#listen(member);
    const values = outcome === 'completed' ? this.#values.read(at) : undefined;
    this.#board.release(slot);
    this.#forget(slot, entry);
    if (values !== undefined) {
      entry.resolve(values[0]);
      return;
    }
    if (outcome === 'crashed') {
      entry.reject(deathOf(entry, member?.error, this.#exitCode));
      return;
    }
    this.#listen(member);
    const message = member?.take(entry.id);
    if (entry.failed !== undefined) entry.reject(entry.failed);
    else if (message !== undefined && 'value' in message) entry.resolve(message.value);
    else if (message !== undefined && 'thrown' in message)
      entry.reject(decodeThrown(message.thrown, entry.caller?.stack));
    else entry.reject(deathOf(entry, member?.error, this.#exitCode));
  }

  #measure(entry: Entry, at: number, member: PoolMember | undefined): void {
    this.#times.task(
      entry.submitted,
      this.#values.readMoment(at + STARTED),
      this.#values.readMoment(at + ENDED),
    );
    if (member === undefined) return;
    member.tasks += 1;
    if (member.tasks === this.#options.tasksPerWorker) this.#board.retire(member.seat);
  }

  /** Starts a thread; false when there is no seat for it. */
  #start(): boolean {
    const seat = this.#board.enlist();
    if (seat < 0) return false;
    const member = new PoolMember({
      board: this.#board.handle,
      seat,
      configuration: this.#options,
      typeScript: this.#handlers.areTypeScript(),
      begun: this.#platform.now(),
      definitions: this.#handlers.definitions,
      equipment: this.#equip(),
      startThread: this.#platform.startThread,
    });
    this.#members[seat] = member;
    member.thread.on('exit', (exitCode) => this.#exited(member, exitCode));
    return true;
  }

  #exited(member: PoolMember, exitCode: number): void {
    this.#collect();
    this.#dying = member;
    this.#exitCode = exitCode;
    this.#board.reap(member.seat, this.#renew);
    this.#collect();
    this.#dying = undefined;
    this.#members[member.seat] = undefined;
    this.#times.worker(this.#platform.now() - member.begun);
    member.close();
    if (exitCode !== 0) this.#deaths += 1;
    this.#falseStarts = member.ready ? 0 : this.#falseStarts + 1;
    if (this.#falseStarts >= mostFalseStarts && !this.#closed) {
      // Starting more of them would never end.
      this.#closed = true;
      this.#broken = falseStartsOf(mostFalseStarts, exitCode, member.error);
      this.#rejectAll(this.#broken);
    }
    this.#flushSoon();
    if (this.#members.some((each) => each !== undefined)) return;
    for (const resolve of this.#gone.splice(0)) resolve();
  }

  /** Takes in what a worker has sent. Where tasks left errors behind, another worker takes the place: what else they have left nobody knows. */
  #listen(member: PoolMember | undefined): void {
    if (member?.receive(this.#board.mailedBy(member.seat)) !== true) return;
    for (const { slot, id, part, index } of member.parts.splice(0)) {
      const entry = this.#entries[slot];
      if (entry?.id === id) entry.onPart?.(part, index);
    }
    for (const thrown of member.late.splice(0)) {
      this.#lateErrors += 1;
      tell(() => this.#options.onLateError(decodeThrown(thrown)));
      this.#board.retire(member.seat);
      this.#flushSoon();
    }
  }

  #rejectAll(error: Error): void {
    for (const [slot, entry] of this.#entries.entries()) {
      if (entry !== undefined) this.#cancel(slot, entry, error);
    }
    this.#outside.rejectAll(error);
    this.#board.close();
    this.#tellDrained();
  }
}
