/**
 * The `virtual` executor and its scheduler: threads are generator twins in this isolate, resumed one step at a time.
 *
 * The semantics of `Atomics.wait` and `notify` are those of ECMA-262 section 25.4 (first-in first-out per cell, shared by all views,
 * no spurious wake-ups; compare and enqueue are one step). A cell is (buffer, byte offset). A finite time-out is a choice of the schedule, and
 * firing it moves the virtual clock to its deadline.
 *
 * A thread that only repeats reads it has already made, while nobody writes, is spinning: it is set aside until somebody writes or until
 * only spinning threads are left (the spin-assume idea of GenMC, made into fair scheduling for every strategy). When the
 * rest of the program is as stuck, that is a livelock.
 */
import { ExecutedStep, type StepObserver } from '../instrument/executed-step.ts';
import { type Host, installHost, type Twin, twinOf, UnsupportedError } from '../instrument/host.ts';
import type { PlainAccess } from '../instrument/plain-access.ts';
import { replaces } from '../instrument/same-cell.ts';
import {
  ADD,
  AND,
  type AtomicView,
  CALL,
  COMPARE_EXCHANGE,
  EXCHANGE,
  LOAD,
  NOTIFY,
  OR,
  PAUSE,
  START,
  STORE,
  Step,
  type StepKind,
  SUB,
  TIMEOUT,
  WAIT,
  WOKEN,
  XOR,
} from '../instrument/step.ts';
import type { Deviation } from '../schedule/deviation.ts';
import type { Turns } from '../schedule/turns.ts';
import type { SchedulerView, Strategy } from '../strategy/strategy.ts';
import { isPlainWait, type Refusal, waitTime, wholeIndex, wholeNumber } from './arguments.ts';
import { BehaviourHash } from './behaviour.ts';
import { nameCells } from './cell-names.ts';
import { cloneForThread } from './clone.ts';
import { callerModule, describeError, isDeferred, nameOfError, notSynchronous, shown } from './describe.ts';
import { Deviations } from './deviations.ts';
import type { Standing } from './lasso.ts';
import { type BlockedThread, type Outcome, passed } from './outcome.ts';
import { mostThreads, type Program, ProgramError } from './program.ts';
import { RaceWatch } from './race-watch.ts';
import { type RemoteScheduler, type RemoteThreads, WorkerError } from './remote.ts';
import { StepBudget } from './step-budget.ts';
import { deadlock } from './stuck.ts';
import { tamed } from './tamed.ts';
import { kindName, shownSite, type TraceStep } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

export interface VirtualOptions {
  /** Step budget of one execution; running out of it is the outcome `exhausted`. Default 20,000. */
  readonly maxSteps?: number;
  /**
   * Where the steps of an execution run out (and are 8,192 at least), its threads take turns for some more, to see whether they go round: a livelock or a
   * starvation under a fair schedule. Not for systematic searches. Default false.
   */
  readonly fairEnd?: boolean;
  /** Compute the behaviour hash of each execution. Default false. */
  readonly behaviours?: boolean;
  /** Milliseconds since the epoch of `performance.now` after which an execution is stopped as `exhausted`. */
  readonly deadline?: number;
  /** Has the last word on every outcome but `exhausted` and `crashed`. */
  readonly judge?: Judge;
  /** Watch for data races: an execution that meets one ends there, as a violation. Default false. */
  readonly races?: boolean;
  /** Told every step of every execution, before a strategy that wants to be. */
  readonly observers?: readonly StepObserver[];
  /** Threads outside this isolate, in place of twins. */
  readonly remote?: RemoteThreads;
}

/** Turns what the engine saw into what the property says of it: a linearizability verdict, say. */
export type Judge = (outcome: Outcome, executor: VirtualExecutor) => Outcome;

/** Reads in a row without an effective write before anybody is suspected of spinning. */
const idleSteps = 64;
/** Repeated reads of one thread before it is set aside. */
const idleRepeats = 16;
/** Steps in a row without an effective write, at the end of the budget, that make it a livelock. */
const livelockSteps = 5_000;

const nothing: readonly never[] = [];

/** Looking at the caller costs a stack: the first so many steps without a scheduling point are looked at, then one in 64. */
const checkedCallers = 1_000;
let callersSeen = 0;
/** A thread that is about to get its clone of what `setup` made. */
const cloning = 2;

export class VirtualExecutor implements SchedulerView {
  readonly threads: number;
  readonly enabled: Int32Array = new Int32Array(mostThreads);
  count = 0;
  current = -1;
  readonly pending: Step[] = [];
  steps = 0;

  /** Statistics of the last execution. */
  preemptions = 0;
  /** Steps made by frames that cannot be suspended. */
  unscheduled = 0;
  /** Times a thread was set aside because it was spinning. */
  spins = 0;
  /** Hash over every step's thread, kind and index: the same schedule of the same program gives the same value. */
  fingerprint = 0;
  trace: TraceStep[] | undefined;
  /** The turns in which it ended, where its schedule does not say so by itself; its deviations and preemptions are then those before. */
  turns: Turns | undefined;

  readonly #host: Host = installHost();
  readonly #native: typeof Atomics;
  readonly #remote: RemoteThreads | undefined;
  readonly #main: Program;
  readonly #instances: readonly Program[];
  readonly #bodies: (Twin | undefined)[] = [];
  readonly #attaches: (Twin | undefined)[] = [];
  readonly #budget: StepBudget;
  readonly #deadline: number;
  readonly #hash: BehaviourHash | undefined;
  readonly #mayBlock: Uint8Array;
  readonly #judge: Judge | undefined;
  readonly #isEnabled: Uint8Array;
  readonly #generators: (Generator<undefined, unknown, unknown> | undefined)[] = [];
  /** 1 while a thread is in `attach`, `cloning` before that. */
  readonly #attaching: Uint8Array;
  readonly #events: Int32Array;
  readonly #results: unknown[] = [];
  readonly #deviations = new Deviations();
  /** Sleeping threads in the order in which they went to sleep, with the cell each sleeps on. */
  readonly #sleepers: number[] = [];
  readonly #sleepBuffer: (ArrayBufferLike | undefined)[] = [];
  readonly #sleepOffset: Int32Array;
  readonly #sleepDeadline: Float64Array;
  /** The buffers of what `setup` made, in its order, then others by first use. */
  readonly #buffers: ArrayBufferLike[] = [];
  /** For a buffer that a thread made, by position in `#buffers`: a number that no schedule changes. */
  readonly #madeNumbers: number[] = [];
  readonly #made: Int32Array;
  /** For each thread the last view it used (a view's buffer getter is slow). */
  readonly #lastView: (AtomicView | undefined)[] = [];
  readonly #lastBuffer: Int32Array;
  /** The same buffer as the behaviour hash knows it. */
  readonly #lastNumber: Int32Array;
  #cellBuffer = 0;
  #cellOffset = 0;
  readonly #time: VirtualTime;
  #idle = 0;
  readonly #parked: Uint8Array;
  #parkedCount = 0;
  readonly #repeats: Int32Array;
  readonly #seen: Set<string>[] = [];
  readonly #observers: readonly StepObserver[];
  /** Whoever is told the steps of the execution that runs; undefined when nobody is. */
  #watchers: readonly StepObserver[] | undefined;
  readonly #executed: ExecutedStep = new ExecutedStep();
  #unsupported: UnsupportedError | undefined;
  readonly #races: RaceWatch | undefined;
  #phase: 'setup' | 'thread' | 'check' = 'setup';

  /**
   * @param main the program, for `setup` and `check`.
   * @param instances the program as each thread sees it (its own instance of the modules); default: `main` for all.
   */
  constructor(main: Program, instances?: readonly Program[], options: VirtualOptions = {}) {
    const n = main.threads;
    this.threads = n;
    this.#main = main;
    this.#remote = options.remote;
    this.#native = options.remote?.atomics ?? this.#host.native;
    this.#instances = instances ?? new Array<Program>(n).fill(main);
    this.#budget = new StepBudget(options.maxSteps ?? 20_000, options.fairEnd === true);
    this.#deadline = options.deadline ?? Number.POSITIVE_INFINITY;
    this.#hash = options.behaviours === true ? new BehaviourHash() : undefined;
    this.#judge = options.judge;
    this.#observers = options.observers ?? nothing;
    this.#races = options.races === true ? new RaceWatch(n, this.#host.site) : undefined;
    this.#mayBlock = new Uint8Array(n);
    for (const id of main.mayBlock ?? nothing) this.#mayBlock[id] = 1;
    this.#isEnabled = new Uint8Array(n);
    this.#time = new VirtualTime(n);
    this.#attaching = new Uint8Array(n);
    this.#events = new Int32Array(n);
    this.#sleepOffset = new Int32Array(n);
    this.#sleepDeadline = new Float64Array(n);
    this.#lastBuffer = new Int32Array(n);
    this.#lastNumber = new Int32Array(n);
    this.#made = new Int32Array(n);
    this.#parked = new Uint8Array(n);
    this.#repeats = new Int32Array(n);
    for (let t = 0; t < n; t++) {
      const instance = this.#instances[t]!;
      this.pending.push(new Step());
      this.#generators.push(undefined);
      this.#results.push(undefined);
      this.#lastView.push(undefined);
      this.#sleepBuffer.push(undefined);
      this.#seen.push(new Set());
      this.#bodies.push(twinOf(instance.thread));
      this.#attaches.push(twinOf(instance.attach));
    }
  }

  // --- what a strategy may ask ----------------------------------------------------------------------------------

  isEnabled(thread: number): boolean {
    return this.#isEnabled[thread] === 1;
  }

  baseChoice(): number {
    const current = this.current;
    const { pending, enabled } = this;
    if (current !== -1 && this.#isEnabled[current] === 1 && pending[current]!.kind !== TIMEOUT)
      return current;
    let earliest = enabled[0]!;
    for (let i = 0; i < this.count; i++) {
      const t = enabled[i]!;
      if (pending[t]!.kind !== TIMEOUT) return t;
      if (this.#sleepDeadline[t]! < this.#sleepDeadline[earliest]!) earliest = t;
    }
    return earliest;
  }

  bufferOf(thread: number): number {
    const { kind, view, index } = this.pending[thread]!;
    if (kind < LOAD || kind === PAUSE || kind === CALL) return -1;
    if (kind <= NOTIFY) {
      if (typeof index !== 'number' || !ArrayBuffer.isView(view)) return -1;
      this.#bufferOf(thread, view);
    }
    return this.#lastNumber[thread]!;
  }

  offsetOf(thread: number): number {
    const { kind, view, index } = this.pending[thread]!;
    // Asleep until now: WOKEN or TIMEOUT.
    if (kind > CALL) return this.#sleepOffset[thread]!;
    return view!.byteOffset + (index as number) * view!.BYTES_PER_ELEMENT; // asked only where there is a buffer
  }

  looksOf(thread: number): number {
    return this.#time.looks[thread]!;
  }

  /** The deviations of the last execution from the base order. */
  schedule(): Deviation[] {
    const list = this.#deviations.list();
    return this.turns === undefined ? list : list.slice(0, this.#budget.deviations);
  }

  get countsBehaviours(): boolean {
    return this.#hash !== undefined;
  }

  /** The behaviour hash of the last execution (0 when not asked for). */
  behaviour(): number {
    return this.#hash === undefined ? 0 : this.#hash.value();
  }

  // --- one execution --------------------------------------------------------------------------------------------

  /** Runs one execution to its end. Throws only for mistakes of ours. `record` keeps every step in `trace`. */
  run(strategy: Strategy, record = false): Outcome {
    const host = this.#host;
    if (host.immediate !== undefined)
      throw new ProgramError('an execution cannot start inside another execution');
    this.#watch(strategy);
    this.#reset(record);
    this.#remote?.open(this.#remoteView(strategy), record);
    host.immediate = this.#immediate;
    host.clock = this.#now;
    host.random = this.#draw;
    if (this.#races !== undefined) host.plain = this.#plain;
    let outcome: Outcome;
    try {
      outcome = this.#execute(strategy);
    } finally {
      host.immediate = undefined;
      host.clock = undefined;
      host.random = undefined;
      host.plain = undefined;
    }
    this.turns = this.#budget.told(outcome, this.steps);
    if (this.turns !== undefined) this.preemptions = this.#budget.preemptions;
    if (this.#judge === undefined || outcome.kind === 'exhausted' || outcome.kind === 'crashed')
      return outcome;
    return this.#judge(outcome, this);
  }

  /** Whether somebody wants to know the cells. */
  #numbersBuffers(): boolean {
    return [this.#hash, this.trace, this.#watchers, this.#races].some((one) => one !== undefined);
  }

  #watch(strategy: Strategy): void {
    const observe = strategy.observe?.bind(strategy);
    const observers = observe === undefined ? this.#observers : [...this.#observers, { observe }];
    this.#watchers = observers.length === 0 ? undefined : observers;
    for (const observer of this.#observers) observer.started?.(this.threads);
  }

  #reset(record: boolean): void {
    const n = this.threads;
    for (let t = 0; t < n; t++) {
      this.pending[t]!.kind = START;
      this.pending[t]!.site = -1;
      this.pending[t]!.index = 0;
      this.enabled[t] = t;
      this.#isEnabled[t] = 1;
      this.#events[t] = 0;
      this.#lastView[t] = undefined;
      this.#generators[t] = undefined;
      this.#results[t] = undefined;
      this.#attaching[t] = 0;
      this.#made[t] = 0;
    }
    this.count = n;
    this.current = -1;
    this.steps = 0;
    this.preemptions = 0;
    this.unscheduled = 0;
    this.spins = 0;
    this.#deviations.count = 0;
    this.fingerprint = 0;
    this.trace = record ? [] : undefined;
    if (this.#sleepers.length > 0) this.#sleepers.length = 0;
    this.#buffers.length = 0;
    if (this.#madeNumbers.length > 0) this.#madeNumbers.length = 0;
    this.#time.reset();
    this.#idle = 0;
    if (this.#parkedCount > 0) this.#parked.fill(0);
    this.#parkedCount = 0;
    this.#unsupported = undefined;
    this.#host.refused = undefined;
    this.#hash?.reset();
    this.#races?.begin();
  }

  /** The thread whose code runs, the number after the last one in `setup` and `check`. */
  #runs(): number {
    return this.#phase === 'thread' ? this.current : this.threads;
  }

  /** What threads outside this isolate may ask of the scheduler. */
  #remoteView(strategy: Strategy): RemoteScheduler {
    const executor = this;
    return {
      threads: this.threads,
      pending: this.pending,
      get current(): number {
        return executor.current;
      },
      nobodySleeps: () => executor.#sleepers.length === 0,
      lookahead: () => executor.#lookahead(strategy),
      site: (file, line, column) => executor.#host.sites(file, [line, column]),
      now: this.#now,
      draw: this.#draw,
    };
  }

  /** Steps that the current thread will take next, whatever they are, as long as it can go on and wakes nobody. */
  #lookahead(strategy: Strategy): number {
    if (this.#parkedCount > 0) return 0;
    // Nobody is suspected of spinning before so many steps without effect, and the budget is looked at between steps.
    const most = Math.min(idleSteps - this.#idle, this.#budget.due - this.steps);
    if (most <= 0) return 0;
    if (this.#budget.turning && this.count > 1) return 0;
    return this.count === 1 ? most : Math.min(most, strategy.ahead?.(this) ?? 0);
  }

  readonly #now = (): number => this.#time.now(this.#runs());

  readonly #draw = (): number => this.#time.draw(this.#runs());

  #execute(strategy: Strategy): Outcome {
    this.#phase = 'setup';
    let shared: unknown;
    try {
      shared = this.#main.setup();
    } catch (error) {
      return { kind: 'crashed', message: `setup threw ${describeError(error)}`, error: tamed(error) };
    }
    this.#phase = 'thread';
    const stopped = this.#schedule(strategy, shared);
    if (this.trace !== undefined) nameCells(this.trace, shared, this.#buffers);
    if (stopped !== undefined) return stopped;
    // A refusal that the program caught is one all the same: what it refused never ran.
    this.#unsupported ??= this.#host.refused as UnsupportedError | undefined;
    if (this.#unsupported !== undefined)
      return { kind: 'crashed', message: this.#unsupported.message, error: this.#unsupported };
    if (this.#sleepers.length > 0 && this.#sleepers.some((thread) => this.#mayBlock[thread] !== 1))
      return deadlock(this.#blocked(), this.trace, (thread) => this.#mayBlock[thread] === 1);
    const { check } = this.#main;
    if (check === undefined) return passed;
    this.#phase = 'check';
    this.#time.settle();
    try {
      const returned = this.#main.check!(shared, this.#results.slice()) as unknown;
      // Whoever is used to predicates says so by false.
      if (returned === false) return { kind: 'violated', message: 'check returned false' };
      if (isDeferred(returned))
        return {
          kind: 'crashed',
          message: 'check returned a promise or a generator: it must be plain synchronous code',
        };
    } catch (thrown) {
      const error = tamed(thrown);
      const kind = error instanceof UnsupportedError ? 'crashed' : 'violated';
      return { kind, message: describeError(error), error };
    }
    return passed;
  }

  /**
   * The loop: choose a thread, perform its pending step, resume it up to its next. Long because every call boundary
   * here costs a tenth of a step. Returns an outcome when the execution ended before its threads did.
   */
  #schedule(strategy: Strategy, shared: unknown): Outcome | undefined {
    const { enabled, pending } = this;
    const generators = this.#generators;
    const native = this.#native;
    const host = this.#host;
    const hash = this.#hash;
    let watchers = this.#watchers;
    const races = this.#races;
    let cells = this.#numbersBuffers();
    const budget = this.#budget;
    budget.begin(strategy);
    let { due } = budget;
    let chooser: Pick<Strategy, 'name' | 'choose'> = strategy;
    while (this.count > 0) {
      if (this.steps >= due) {
        const spent = this.#spend();
        if (spent !== undefined) return spent;
        ({ due } = budget);
        watchers = this.#watchers;
        cells = this.#numbersBuffers();
        if (budget.turning) chooser = budget.taker;
      }
      if ((this.steps & 255) === 255 && this.#isLate())
        return { kind: 'exhausted', message: 'the time budget ran out' };
      const before = this.current;
      let t = enabled[0]!;
      let preempted = false;
      if (this.count > 1) {
        t = chooser.choose(this);
        if (this.#isEnabled[t] !== 1)
          throw new Error(`strategy ${chooser.name} chose thread ${t}, which is not enabled`);
        const base = this.baseChoice();
        if (t !== base) this.#deviations.add(this.steps, t, this.fingerprint);
        if (
          t !== before &&
          before !== -1 &&
          this.#isEnabled[before] === 1 &&
          pending[before]!.kind !== TIMEOUT
        ) {
          // Turns are no choice.
          preempted = chooser === strategy;
          this.preemptions++;
        }
      }
      this.current = t;
      this.steps++;
      const p = pending[t]!;
      const { kind } = p;
      let refusal: Refusal | undefined;
      if (typeof p.index !== 'number' || p.index !== (p.index | 0)) refusal = wholeIndex(p);
      this.fingerprint =
        (Math.imul(this.fingerprint ^ ((t << 5) | kind), 0x01000193) + (p.index as number)) | 0;
      if (kind >= LOAD && kind <= NOTIFY)
        this.fingerprint =
          (Math.imul(this.fingerprint, 31) +
            (p.view?.byteOffset ?? 0) +
            (typeof p.a === 'number' ? p.a : 0)) |
          0;
      let result: unknown;
      let wrote = false;
      let generator = generators[t];
      let thrown: unknown;
      let failed = false;
      if (cells && kind >= LOAD && kind <= NOTIFY) this.#locate(t, p.view!, p.index as number);
      const event = this.#events[t]!++;
      const row = this.trace === undefined ? undefined : this.#row(t, p, preempted);
      try {
        if (refusal !== undefined) throw refusal.error;
        switch (kind) {
          case LOAD:
            result = native.load(p.view as Int32Array, p.index as number);
            break;
          case STORE:
            if (watchers !== undefined)
              this.#executed.previous = native.load(p.view as Int32Array, p.index as number);
            result = native.store(p.view as Int32Array, p.index as number, p.a as number);
            wrote = true;
            break;
          case ADD:
            result = native.add(p.view as Int32Array, p.index as number, p.a as number);
            wrote = p.a !== 0 && p.a !== 0n; // adding 0 is a way of reading
            break;
          case SUB:
            result = native.sub(p.view as Int32Array, p.index as number, p.a as number);
            wrote = p.a !== 0 && p.a !== 0n;
            break;
          case AND:
            result = native.and(p.view as Int32Array, p.index as number, p.a as number);
            wrote =
              typeof result !== typeof p.a || (result as number) !== ((result as number) & (p.a as number));
            break;
          case OR:
            result = native.or(p.view as Int32Array, p.index as number, p.a as number);
            wrote =
              typeof result !== typeof p.a || (result as number) !== ((result as number) | (p.a as number));
            break;
          case XOR:
            result = native.xor(p.view as Int32Array, p.index as number, p.a as number);
            wrote = p.a !== 0 && p.a !== 0n;
            break;
          case EXCHANGE:
            result = native.exchange(p.view as Int32Array, p.index as number, p.a as number);
            wrote = result !== p.a;
            break;
          case COMPARE_EXCHANGE:
            result = native.compareExchange(
              p.view as Int32Array,
              p.index as number,
              p.a as number,
              p.b as number,
            );
            wrote = replaces(p.view!, result, p.a, p.b);
            break;
          case WAIT:
            result = this.#wait(t, p);
            if (result === undefined) {
              hash?.read(this.#cellBuffer, this.#cellOffset, t, event);
              hash?.write(this.#cellBuffer, queueOf(this.#cellOffset), t, event, WAIT);
              if (watchers !== undefined) this.#tell(t, p, WAIT, event, false, undefined, failed);
              races?.step(t, p, WAIT, result, this.#cellBuffer, this.#cellOffset, this.steps - 1);
              if (this.count === 0 && this.#parkedCount > 0) this.#unpark();
              if (row !== undefined) this.trace!.push(row);
              continue;
            }
            break;
          case NOTIFY:
            result = this.#notify(p.view!, p.index, p.a, row);
            wrote = (result as number) > 0;
            break;
          case TIMEOUT:
            this.#timeOut(t);
            result = 'timed-out';
            break;
          case WOKEN:
            result = 'ok';
            break;
          default:
            // START, CALL and PAUSE touch nothing.
            wrote = kind !== PAUSE;
        }
      } catch (error) {
        thrown = error;
        failed = true;
      }
      if (hash !== undefined && !failed) this.#hashStep(hash, kind, t, event, wrote);
      if (watchers !== undefined) this.#tell(t, p, kind, event, wrote, result, failed);
      if (row !== undefined) {
        if (failed) (row as { result?: unknown }).result = `threw ${nameOfError(thrown)}`;
        else if (result !== undefined) (row as { result?: unknown }).result = result;
        this.trace!.push(row);
      }
      if (races !== undefined) {
        if (!failed) {
          const onCell = kind <= NOTIFY;
          const buffer = onCell ? this.#cellBuffer : this.#lastNumber[t]!;
          const offset = onCell ? this.#cellOffset : this.#sleepOffset[t]!;
          races.step(t, p, kind, result, buffer, offset, this.steps - 1);
        }
      }
      if (wrote) {
        this.#idle = 0;
        if (this.#parkedCount > 0) this.#unpark();
      } else if (++this.#idle > idleSteps) this.#spinning(t, p, result);
      host.focus(p);
      p.kind = -1;
      let next: IteratorResult<undefined, unknown>;
      try {
        if (kind === START) {
          next = this.#begin(t, shared);
          generator = generators[t];
        } else if (failed) next = generator!.throw(thrown);
        else next = generator!.next(result);
        while (next.done === true && this.#attaching[t] === 1) {
          this.#attaching[t] = 0;
          next = this.#beginBody(t, next.value);
        }
      } catch (error) {
        return races?.outcome() ?? this.#threadThrew(t, tamed(error));
      }
      if (races !== undefined) {
        const raced = races.outcome();
        if (raced !== undefined) return raced;
      }
      if (next.done === true) {
        if (typeof next.value === 'object' && isDeferred(next.value))
          return this.#threadThrew(t, notSynchronous('a promise or a generator'));
        this.#results[t] = next.value;
        generators[t] = undefined;
        this.#disable(t);
        if (this.#parked[t] === 1) {
          this.#parked[t] = 0;
          this.#parkedCount--;
        }
      } else if (p.kind === -1) {
        return {
          kind: 'crashed',
          message: `thread ${t} yielded without a step: is it a generator of its own?`,
          thread: t,
        };
      }
      if (this.count === 0 && this.#parkedCount > 0) this.#nextRound();
    }
    return races?.outcome();
  }

  /** Runs `attach` (or begins it) and the body up to the first step. */
  #begin(t: number, shared: unknown): IteratorResult<undefined, unknown> {
    if (this.#remote !== undefined) return this.#beginRemote(this.#remote, t, shared);
    const instance = this.#instances[t]!;
    this.#attaching[t] = cloning;
    const clone = cloneForThread(shared, this.#numbersBuffers() ? this.#buffers : undefined);
    this.#attaching[t] = 1;
    const attach = this.#attaches[t];
    if (attach !== undefined) {
      const generator = attach.call(instance, clone, t);
      this.#generators[t] = generator;
      return generator.next();
    }
    const local = instance.attach === undefined ? clone : instance.attach(clone, t);
    this.#attaching[t] = 0;
    return this.#beginBody(t, local);
  }

  #beginRemote(remote: RemoteThreads, t: number, shared: unknown): IteratorResult<undefined, unknown> {
    this.#attaching[t] = cloning;
    if (this.#numbersBuffers()) cloneForThread(shared, this.#buffers);
    remote.start(t, shared);
    this.#attaching[t] = 0;
    const generator = remote.generators[t]!; // as many as threads
    this.#generators[t] = generator;
    return generator.next();
  }

  #beginBody(t: number, local: unknown): IteratorResult<undefined, unknown> {
    if (typeof local === 'object' && isDeferred(local))
      throw notSynchronous('a promise or a generator for its attach');
    const instance = this.#instances[t]!;
    const body = this.#bodies[t];
    if (body === undefined) {
      // Without a twin it makes no call, or its module was not instrumented: `#checkCaller` tells at its first step.
      const value = instance.thread(t, local);
      return { done: true, value };
    }
    const generator = body.call(instance, t, local);
    this.#generators[t] = generator;
    return generator.next();
  }

  #threadThrew(t: number, error: unknown): Outcome {
    if (error instanceof WorkerError) return { kind: error.kind, message: error.message, thread: t, error };
    if (this.#attaching[t] === 0 && this.#remote?.isAttaching(t) === true) this.#attaching[t] = 1;
    const unsupported = this.#unsupported ?? (error instanceof UnsupportedError ? error : undefined);
    if (unsupported !== undefined)
      return { kind: 'crashed', message: unsupported.message, thread: t, error: unsupported };
    const crashed = (what: string): Outcome => ({
      kind: 'crashed',
      message: `${what} ${describeError(error)}`,
      thread: t,
      error,
    });
    if (this.#attaching[t] === cloning) return crashed('setup made what a thread cannot be given:');
    if (this.#attaching[t] === 1) return crashed(`attach of thread ${t} threw`);
    if (error instanceof ProgramError) return crashed(`thread ${t} threw`);
    if (error instanceof RangeError && error.message === 'Maximum call stack size exceeded')
      return crashed(
        `thread ${t} recursed too deep (a thread's frames are larger than those of plain code: try node --stack-size) and threw`,
      );
    return { kind: 'violated', message: `thread ${t} threw ${describeError(error)}`, thread: t, error };
  }

  #isLate(): boolean {
    if (this.#deadline === Number.POSITIVE_INFINITY) return false;
    const { clock } = this.#host;
    this.#host.clock = undefined;
    const late = performance.now() > this.#deadline;
    this.#host.clock = clock;
    return late;
  }

  // --- who can go on --------------------------------------------------------------------------------------------

  #enable(t: number): void {
    if (this.#isEnabled[t] === 1) return;
    this.#isEnabled[t] = 1;
    const { enabled } = this;
    let i = this.count++;
    for (; i > 0 && enabled[i - 1]! > t; i--) enabled[i] = enabled[i - 1]!;
    enabled[i] = t;
  }

  #disable(t: number): void {
    if (this.#isEnabled[t] !== 1) return;
    this.#isEnabled[t] = 0;
    const { enabled } = this;
    let i = 0;
    while (enabled[i] !== t) i++;
    this.count--;
    for (; i < this.count; i++) enabled[i] = enabled[i + 1]!;
  }

  /** `Atomics.wait`: its result, or undefined when the thread went to sleep. */
  #wait(t: number, p: Step): string | undefined {
    const view = p.view!;
    const index = p.index as number;
    let buffer: ArrayBufferLike | undefined;
    let compared = 'timed-out';
    if (isPlainWait(view, index, p.a)) {
      buffer = this.#bufferOf(t, view);
      if (!(buffer instanceof SharedArrayBuffer)) buffer = undefined;
      else if (this.#native.load(view, index) !== p.a) compared = 'not-equal';
    }
    // With a time-out of 0 the platform checks the arguments and compares, and never blocks.
    if (buffer === undefined) compared = this.#native.wait(view as Int32Array, index, p.a as number, 0);
    const timeout = waitTime(p.b);
    if (compared === 'not-equal' || timeout === 0) return compared;
    buffer ??= view.buffer;
    this.#sleepers.push(t);
    this.#sleepBuffer[t] = buffer;
    this.#sleepOffset[t] = view.byteOffset + Number(p.index) * view.BYTES_PER_ELEMENT;
    this.#sleepDeadline[t] = this.#time.clock + timeout;
    if (timeout === Number.POSITIVE_INFINITY) {
      this.#idle = 0;
      this.#disable(t);
    } else p.kind = TIMEOUT; // polling with time-outs is a way of spinning: it does not count as progress
    return undefined;
  }

  #notify(view: AtomicView, index: unknown, count: unknown, row: TraceStep | undefined): number {
    const sleepers = this.#sleepers;
    if (this.#watchers !== undefined) this.#executed.woke.length = 0;
    // The platform checks the arguments, where they are not plainly right; nobody sleeps there.
    if ((count !== undefined && count !== 1) || !isPlainWait(view, index, 0))
      this.#native.notify(view as Int32Array, index as number, count as number | undefined);
    if (sleepers.length === 0) return 0;
    const most = count === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.trunc(Number(count)) || 0);
    const { buffer } = view;
    const offset = view.byteOffset + Number(index) * view.BYTES_PER_ELEMENT;
    let woken = 0;
    for (let i = 0; i < sleepers.length && woken < most; ) {
      const t = sleepers[i]!;
      if (this.#sleepBuffer[t] !== buffer || this.#sleepOffset[t] !== offset) {
        i++;
        continue;
      }
      this.#removeSleeper(i);
      this.pending[t]!.kind = WOKEN;
      this.#enable(t);
      woken++;
      if (this.#watchers !== undefined) this.#executed.woke.push(t);
      if (row !== undefined) noteWoken(row, t);
    }
    return woken;
  }

  #removeSleeper(i: number): void {
    this.#sleepers.copyWithin(i, i + 1).pop();
  }

  #timeOut(t: number): void {
    this.#removeSleeper(this.#sleepers.indexOf(t));
    this.#time.clock = Math.max(this.#time.clock, this.#sleepDeadline[t]!);
  }

  // --- spinning -------------------------------------------------------------------------------------------------

  /** Called after a step without effect when there have been many: sets the thread aside when it only repeats itself. */
  #spinning(t: number, p: Step, result: unknown): void {
    if (this.#idle === idleSteps + 1) this.#forget();
    const seen = this.#seen[t]!;
    const key = `${p.kind} ${this.#cellKey(t, p)} ${String(result)}`;
    if (!seen.has(key)) {
      seen.add(key);
      return;
    }
    if (++this.#repeats[t]! < idleRepeats) return;
    this.#repeats[t] = 0;
    if (this.#parked[t] === 0) {
      this.#parked[t] = 1;
      this.#parkedCount++;
      this.spins++;
    }
    this.#disable(t);
    // The thread is resumed once more below us; it stays out of the choice from its next step on.
    if (this.count === 0) this.#nextRound();
  }

  /** What was read before somebody wrote, or in an earlier execution, says nothing. */
  #forget(): void {
    this.#repeats.fill(0);
    for (const seen of this.#seen) seen.clear();
  }

  #cellKey(t: number, { view, index }: Step): string {
    if (!ArrayBuffer.isView(view)) return '';
    return `${this.#bufferNumber(t, view.buffer)} ${view.byteOffset + Number(index) * view.BYTES_PER_ELEMENT}`;
  }

  /** Everything that could run is set aside: time passes, and it all tries again. */
  #nextRound(): void {
    this.#time.clock += this.#idle;
    this.#unpark();
  }

  /** At a step for which the budget has something. A finite loop of reads may be long, so nobody calls it a livelock before the budget is spent. */
  #spend(): Outcome | undefined {
    const budget = this.#budget;
    if (this.steps >= budget.end) {
      if (this.#idle > livelockSteps) return { kind: 'livelocked', message: this.#describeSpinners() };
      const spent = budget.spend(this.steps, this.fingerprint, () => this.#left());
      if (spent !== undefined) {
        this.steps = spent.steps;
        this.fingerprint = spent.fingerprint;
        return spent.outcome;
      }
    }
    const lasso = budget.reach(this.steps, this.#deviations.count, this.preemptions);
    if (lasso !== undefined) this.#watchers = [...(this.#watchers ?? nothing), lasso];
    return undefined;
  }

  #unpark(): void {
    for (let t = 0; t < this.threads; t++) {
      if (this.#parked[t] === 0) continue;
      this.#parked[t] = 0;
      this.#repeats[t] = 0;
      this.#seen[t]!.clear();
      if (this.#generators[t] !== undefined && !this.#isAsleep(t)) this.#enable(t);
    }
    this.#parkedCount = 0;
  }

  /** Sleeping for good; a sleeper with a time-out can go on. */
  #isAsleep(t: number): boolean {
    return this.#sleepers.includes(t) && this.pending[t]!.kind !== TIMEOUT;
  }

  // --- what people are shown ------------------------------------------------------------------------------------

  #describeSpinners(): string {
    const spinners = this.#left().filter(({ awake }) => awake);
    const lines = spinners.map(({ thread, place }) => `T${thread} spins${place}`);
    return `livelock: nobody writes any more, and ${lines.join(', ')}`;
  }

  /** The threads that have not ended and should. */
  #left(): Standing[] {
    const left: Standing[] = [];
    for (let t = 0; t < this.threads; t++) {
      const awake = this.#parked[t] === 1 || this.#isEnabled[t] === 1;
      if (!awake && (this.#mayBlock[t] === 1 || !this.#sleepers.includes(t))) continue;
      const site = this.#host.site(this.pending[t]!.site);
      left.push({ thread: t, awake, place: site === undefined ? '' : ` at ${shownSite(site)}` });
    }
    return left;
  }

  #blocked(): BlockedThread[] {
    return this.#sleepers.map((thread) => {
      const p = this.pending[thread]!;
      return {
        thread,
        site: this.#host.site(p.site),
        buffer: this.#bufferNumber(thread, this.#sleepBuffer[thread]!),
        byteOffset: this.#sleepOffset[thread]!,
        value: typeof p.a === 'bigint' ? p.a : Number(p.a) | 0,
        // Not a step: the memory is here, whoever takes the steps.
        current: this.#host.native.load(p.view as Int32Array, p.index as number),
      };
    });
  }

  /** Position in `#buffers`; one that is not there was made by the thread that uses it first. */
  #bufferNumber(t: number, buffer: ArrayBufferLike): number {
    const known = this.#buffers.indexOf(buffer);
    if (known !== -1) return known;
    const position = this.#buffers.push(buffer) - 1;
    this.#madeNumbers[position] = ((t + 1) << 20) + this.#made[t]!++;
    return position;
  }

  /** The buffer of a view: by thread, the last view's is remembered. */
  #bufferOf(t: number, view: AtomicView): ArrayBufferLike {
    if (this.#lastView[t] !== view) {
      this.#lastView[t] = view;
      const position = this.#bufferNumber(t, view.buffer);
      this.#lastBuffer[t] = position;
      this.#lastNumber[t] = this.#madeNumbers[position] ?? position;
    }
    return this.#buffers[this.#lastBuffer[t]!]!;
  }

  /** Sets the cell of a step: (buffer, byte offset). */
  #locate(t: number, view: AtomicView, index: number): void {
    if (!ArrayBuffer.isView(view)) return;
    this.#bufferOf(t, view);
    this.#cellBuffer = this.#lastNumber[t]!;
    this.#cellOffset = view.byteOffset + index * view.BYTES_PER_ELEMENT;
  }

  #hashStep(hash: BehaviourHash, kind: StepKind, t: number, event: number, wrote: boolean): void {
    if (kind === NOTIFY) {
      const queue = queueOf(this.#cellOffset);
      if (wrote) hash.write(this.#cellBuffer, queue, t, event, kind);
      else hash.read(this.#cellBuffer, queue, t, event);
    } else if (kind >= LOAD && kind <= WAIT) {
      if (wrote || (kind >= STORE && kind <= EXCHANGE))
        hash.write(this.#cellBuffer, this.#cellOffset, t, event, kind);
      else hash.read(this.#cellBuffer, this.#cellOffset, t, event);
    } else if (kind === TIMEOUT) {
      // Between its wait and its time-out the thread has used no other view.
      hash.write(this.#lastNumber[t]!, queueOf(this.#sleepOffset[t]!), t, event, kind);
    }
  }

  /** Tells whoever follows the execution what thread `t` did. The cell is that of the last `#locate`. */
  #tell(
    t: number,
    p: Step,
    kind: StepKind,
    event: number,
    wrote: boolean,
    result: unknown,
    failed: boolean,
    scheduled = true,
  ): void {
    const step = this.#executed;
    const onCell = kind >= LOAD && kind <= NOTIFY && !failed;
    const slept = kind === TIMEOUT || kind === WOKEN;
    step.thread = t;
    step.event = event;
    step.kind = kind;
    step.site = p.site;
    step.buffer = onCell ? this.#cellBuffer : slept ? this.#lastNumber[t]! : -1;
    step.byteOffset = slept ? this.#sleepOffset[t]! : this.#cellOffset;
    step.byteLength = onCell || slept ? p.view!.BYTES_PER_ELEMENT : 0;
    step.changed = onCell && wrote;
    step.wrote = onCell && (wrote || (kind >= STORE && kind <= EXCHANGE)) && kind !== NOTIFY;
    step.result = failed ? undefined : result;
    step.slept = kind === WAIT && result === undefined && !failed;
    step.timed = step.slept && p.kind === TIMEOUT;
    step.scheduled = scheduled;
    if (kind !== NOTIFY && step.woke.length > 0) step.woke.length = 0;
    for (const watcher of this.#watchers!) watcher.observe(step); // asked only where there are some
  }

  #row(t: number, p: Step, preemption: boolean): TraceStep {
    const { kind } = p;
    const row: Record<string, unknown> = {
      step: this.steps - 1,
      thread: t,
      kind: kindName(kind),
      preemption,
    };
    const site = this.#host.site(p.site);
    if (site !== undefined) row['site'] = site;
    if (kind === CALL) row['label'] = String(p.a);
    if (kind < LOAD || kind > NOTIFY) return row as unknown as TraceStep;
    if (ArrayBuffer.isView(p.view)) {
      row['buffer'] = this.#lastBuffer[t];
      row['byteOffset'] = this.#cellOffset;
    }
    if (kind === LOAD) row['args'] = nothing;
    else if (kind === COMPARE_EXCHANGE) row['args'] = [shown(p.a), shown(p.b)];
    else if (kind === WAIT) row['args'] = p.b === undefined ? [shown(p.a)] : [shown(p.a), shown(p.b)];
    else row['args'] = p.a === undefined ? nothing : [shown(p.a)];
    return row as unknown as TraceStep;
  }

  // --- frames that cannot be suspended --------------------------------------------------------------------------

  /** A step of a constructor, getter, callback ...: done at once, counted; a wait that would block is an error. */
  readonly #immediate = (
    kind: StepKind,
    view: AtomicView,
    index: unknown,
    a: unknown,
    b: unknown,
  ): unknown => {
    const native = this.#host.native as unknown as Record<string, (...args: unknown[]) => unknown>;
    const inThread = this.#phase === 'thread';
    const t = this.current;
    if (inThread) {
      this.unscheduled++;
      this.#checkCaller(kind);
    }
    if (kind === PAUSE) return undefined;
    const at = wholeNumber(kind, view, index);
    let result: unknown;
    let wrote = kind >= STORE && kind <= EXCHANGE;
    if (kind === WAIT) {
      result = native['wait']!(view, at, a, 0);
      if (waitTime(b) > 0 && result === 'timed-out') throw this.#cannotWait();
    } else if (kind === NOTIFY) {
      result = this.#notify(view, at, a, undefined);
      wrote = (result as number) > 0;
    } else if (kind === COMPARE_EXCHANGE) {
      result = native['compareExchange']!(view, at, a, b);
      wrote = replaces(view, result, a, b);
    } else result = native[kindName(kind)]!(view, at, a);
    if (!inThread) return result;
    if (wrote) {
      this.#idle = 0;
      if (this.#parkedCount > 0) this.#unpark();
    }
    const hash = this.#hash;
    const watched = this.#watchers !== undefined;
    if (!this.#numbersBuffers()) return result;
    this.#locate(t, view, at);
    const event = this.#events[t]!++;
    if (hash !== undefined) this.#hashStep(hash, kind, t, event, wrote);
    if (watched) this.#tellImmediate(t, view, kind, event, wrote, result);
    this.#races?.step(
      t,
      { view, site: -1, a } as Step,
      kind,
      result,
      this.#cellBuffer,
      this.#cellOffset,
      this.steps - 1,
    );
    if (this.trace !== undefined)
      this.trace.push({
        step: this.steps - 1,
        thread: t,
        kind: kindName(kind),
        buffer: this.#lastBuffer[t]!,
        byteOffset: this.#cellOffset,
        args: kind === LOAD ? [] : b === undefined ? [shown(a)] : [shown(a), shown(b)],
        result: shown(result),
        preemption: false,
        unscheduled: true,
      });
    return result;
  };

  readonly #plain: PlainAccess = (view, byteOffset, byteLength, write, site) => {
    if (this.#phase !== 'thread') return;
    const t = this.current;
    this.#bufferOf(t, view as AtomicView);
    const buffer = this.#lastNumber[t]!;
    const position = this.#lastBuffer[t]!;
    const at = { step: this.steps - 1, thread: t, buffer, position, byteOffset, byteLength, write, site };
    this.#races!.access(at, this.trace); // there is one where this is called
  };

  #tellImmediate(
    t: number,
    view: AtomicView,
    kind: StepKind,
    event: number,
    wrote: boolean,
    result: unknown,
  ): void {
    const step = new Step();
    step.view = view;
    this.#tell(t, step, kind, event, wrote, result, false, false);
  }

  /** A step of a module that was not instrumented must not pass for one that could not be suspended: nothing would be explored. */
  #checkCaller(kind: StepKind): void {
    const seen = callersSeen++;
    if (seen > checkedCallers && (seen & 63) !== 0) return;
    const module = callerModule(new Error().stack ?? '');
    if (module === undefined || this.#host.isInstrumented(module)) return;
    this.#unsupported ??= new UnsupportedError(
      `Atomics.${kindName(kind)} in ${module} has no scheduling point: that module was not instrumented (in vitest use the plugin of threadproof/vitest, and name packages in its option include; elsewhere the loader threadproof/register or the command)`,
    );
    throw this.#unsupported;
  }

  #cannotWait(): UnsupportedError {
    const frames = (new Error().stack ?? '')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(/^at /, ''))
      .filter((line) => !/[/\\](engine[/\\]virtual|instrument[/\\]builtins)\.[jt]s/.test(line));
    const where =
      this.#phase === 'thread'
        ? 'a frame that cannot be suspended (a constructor, getter, generator or a callback of a builtin)'
        : this.#phase;
    const error = new UnsupportedError(
      `Atomics.wait would block in ${where}: ${frames.slice(0, 3).join(' < ')}`,
    );
    this.#unsupported ??= error;
    return error;
  }
}

/** The wait queue of a cell as the behaviour hash knows it: a cell of its own, at an offset that no cell has. */
function queueOf(offset: number): number {
  return -1 - offset;
}

function noteWoken(row: TraceStep, thread: number): void {
  const open = row as { woke?: readonly number[] };
  open.woke = [...(open.woke ?? []), thread];
}
