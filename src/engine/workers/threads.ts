/**
 * The scheduler's side of the workers: starts them, gives them their turns, and reads what they are about to do. A worker that takes too long
 * to come back is ended, and another takes its place in the next execution.
 *
 * This side never runs an event loop while an execution goes on: it blocks in `Atomics.wait`, which Node allows on its main thread.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { installHost } from '../../instrument/host.ts';
import { type AtomicView, LOAD, STORE, stepNames, WAIT } from '../../instrument/step.ts';
import { cloneForThread, isSharedMemory } from '../clone.ts';
import { describeError } from '../describe.ts';
import { ProgramError } from '../program.ts';
import { type RemoteScheduler, type RemoteThreads, WorkerError } from '../remote.ts';
import { errorOf, type ProgramReference, startWorker, type Thrown } from './boot.ts';
import * as P from './protocol.ts';

export interface WorkerThreadsOptions {
  /** Seconds that a thread may run without a step before its worker is ended. Default 5. */
  readonly stepSeconds?: number;
  /** Seconds that a worker may take to load the program. Default 60. */
  readonly loadSeconds?: number;
  /** Most megabytes of a worker's heap. Default 512: a thread that allocates without end is found out soon, and the machine is spared. */
  readonly heapMegabytes?: number;
}

/** Milliseconds between two looks at whether a worker that does not come back is still alive. */
const lookEvery = 100;

/** One worker and what is known of it. */
interface Slot {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Whether the worker has died, as far as the platform can tell while this thread is blocked. */
  readonly isGone: () => boolean;
  readonly block: P.ControlBlock;
  /** Turns that came back. */
  announced: number;
  /** Turns given. */
  granted: number;
  ready: boolean;
  dead: boolean;
  /** In an execution: it waits for a turn, or has one. */
  busy: boolean;
  /** Records with results, and how many of them were taken. */
  logged: number;
  taken: number;
  /** Whether the pending step was performed by the worker, and whether that threw. */
  performed: boolean;
  threw: boolean;
  state: number;
  /** The pending step: its kind, whether only the worker can take it, whether it has done so within its quantum. */
  kind: number;
  odd: boolean;
  executed: boolean;
  program: number;
  /** Buffers that the thread made, and views by what they are. */
  readonly made: ArrayBufferLike[];
  readonly views: Map<string, AtomicView>;
  lastView: AtomicView | undefined;
  readonly last: Int32Array;
}

type ViewMaker = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => AtomicView;

export class WorkerThreads implements RemoteThreads {
  readonly atomics: typeof Atomics;
  readonly generators: readonly Generator<undefined, unknown, unknown>[];
  readonly threads: number;
  /** Hand-offs of the turn so far, to a worker and back. */
  handOffs = 0;
  /** Workers that ended by an error of the platform (out of memory, say): known once the event loop has turned. */
  readonly deaths: string[] = [];
  readonly #native = installHost().native;
  readonly #reference: ProgramReference;
  readonly #slots: Slot[] = [];
  readonly #stepMs: number;
  readonly #loadMs: number;
  readonly #heapMegabytes: number;
  #scheduler: RemoteScheduler | undefined;
  #flags = 0;
  #shared: unknown;
  #buffers: ArrayBufferLike[] = [];
  #memories: P.MemoryLike[] = [];
  #data: unknown;
  #program = 0;

  /** @param threads at most so many; a worker is started when an execution first needs it. */
  constructor(reference: ProgramReference, threads: number, options: WorkerThreadsOptions = {}) {
    this.#reference = reference;
    this.threads = threads;
    this.#stepMs = 1000 * (options.stepSeconds ?? 5);
    this.#loadMs = 1000 * (options.loadSeconds ?? 60);
    this.#heapMegabytes = options.heapMegabytes ?? 512;
    this.generators = Array.from({ length: threads }, (_, t) => remoteGenerator(this, t));
    this.atomics = this.#standIn();
  }

  /** What the exported function makes the program of, from the next execution on. */
  use(data: unknown): void {
    this.#data = data;
    this.#program++;
  }

  /** Ends the workers. The threads cannot be used again. */
  async close(): Promise<void> {
    await Promise.all(
      this.#slots.map(async (slot) => {
        slot.dead = true;
        await slot.worker.terminate();
        slot.port.close();
      }),
    );
  }

  // --- an execution ---------------------------------------------------------------------------------------------

  open(scheduler: RemoteScheduler, record: boolean): void {
    this.unwind();
    this.#scheduler = scheduler;
    this.#flags = record ? P.RECORD : 0;
    this.#shared = undefined;
    this.#buffers = [];
    this.#memories = [];
    for (let t = 0; t < scheduler.threads; t++)
      if (this.#slots[t]?.dead !== false) this.#slots[t] = this.#startWorker(t);
    for (let t = 0; t < scheduler.threads; t++) this.#ready(t);
  }

  start(thread: number, shared: unknown): void {
    const slot = this.#slots[thread]!; // as many as threads
    this.#gather(shared);
    slot.made.length = 0;
    slot.views.clear();
    slot.lastView = undefined;
    slot.logged = 0;
    slot.taken = 0;
    slot.performed = false;
    slot.threw = false;
    slot.executed = false;
    slot.port.postMessage(this.#job(slot, shared));
    slot.busy = true;
    slot.state = P.IDLE;
  }

  #job(slot: Slot, shared: unknown): P.Job {
    const job = { shared, buffers: this.#buffers, memories: this.#memories };
    if (slot.program === this.#program) return job;
    slot.program = this.#program;
    return { ...job, program: { data: this.#data } };
  }

  /** The shared buffers and memories of what `setup` made, once an execution. */
  #gather(shared: unknown): void {
    if (this.#shared === shared && this.#buffers.length > 0) return;
    this.#shared = shared;
    cloneForThread(shared, this.#buffers);
    findMemories(shared, this.#memories, new Set());
  }

  isAttaching(thread: number): boolean {
    return this.#slots[thread]!.block.words[P.PHASE] === 1;
  }

  /** Resumes a thread with the result of its step, up to its next step. */
  next(thread: number, result: unknown): IteratorResult<undefined, unknown> {
    const slot = this.#slots[thread]!;
    if (slot.executed) return this.#following(thread, slot);
    if (slot.state === P.IDLE) return this.#resume(thread, slot, P.RUN);
    if (slot.performed && slot.kind < WAIT) return this.#resume(thread, slot, P.KEEP);
    slot.block.words[P.RESULT_TAG] = slot.block.write(P.resultValue, result);
    return this.#resume(thread, slot, P.RESULT);
  }

  /** Resumes a thread with an error. */
  throw(thread: number, error: unknown): IteratorResult<undefined, unknown> {
    const slot = this.#slots[thread]!;
    if (slot.performed && slot.threw) return this.#resume(thread, slot, P.KEEP);
    const { name, message } = error as Error;
    slot.port.postMessage({ kind: 'error', name, message, stack: '' } satisfies Thrown);
    return this.#resume(thread, slot, P.THROW);
  }

  #resume(thread: number, slot: Slot, command: number): IteratorResult<undefined, unknown> {
    const scheduler = this.#scheduler!; // an execution runs
    const { words } = slot.block;
    words[P.BUDGET] = scheduler.lookahead();
    words[P.FLAGS] = this.#flags | (scheduler.nobodySleeps() ? P.NOBODY_SLEEPS : 0);
    slot.performed = false;
    this.#grant(slot, command);
    this.#await(thread, slot);
    slot.state = words[P.STATE]!;
    slot.logged = words[P.LOGGED]!;
    slot.taken = 0;
    return this.#following(thread, slot);
  }

  /** The next record of a thread as its pending step; after the last one its end. */
  #following(thread: number, slot: Slot): IteratorResult<undefined, unknown> {
    if (slot.taken < slot.logged || slot.state === P.ANNOUNCED) {
      this.#read(thread, slot, slot.taken);
      slot.executed = slot.taken++ < slot.logged;
      return { done: false, value: undefined };
    }
    slot.busy = false;
    if (slot.state === P.THREW) throw errorOf(this.#receive(slot) as Thrown);
    const tag = slot.block.words[P.RESULT_TAG]!;
    return {
      done: true,
      value: tag === P.OTHER ? this.#receive(slot) : slot.block.read(tag, P.resultValue),
    };
  }

  /** Writes a record into the scheduler's pending step. */
  #read(thread: number, slot: Slot, record: number): void {
    const { words } = slot.block;
    const scheduler = this.#scheduler!; // an execution runs
    const base = P.firstRecord + record * P.recordWords;
    const marks = words[base + P.MARKS]!;
    const extra = (marks & P.EXTRA) === 0 ? undefined : (this.#receive(slot) as P.Extra);
    const step = scheduler.pending[thread]!;
    const kind = words[base + P.KIND]!;
    const aTag = words[base + P.A_TAG]!;
    const bTag = words[base + P.B_TAG]!;
    slot.kind = kind;
    slot.odd = (marks & P.ODD) !== 0;
    if (extra !== undefined) this.#learn(slot, extra);
    step.kind = kind;
    step.index = words[base + P.INDEX];
    step.view = words[base + P.TYPE] === P.notAView ? undefined : this.#view(slot, base);
    step.a = aTag === P.OTHER ? extra?.a : slot.block.read(aTag, (base >> 1) + P.A_VALUE);
    step.b = bTag === P.OTHER ? extra?.b : slot.block.read(bTag, (base >> 1) + P.B_VALUE);
    const site = extra?.site;
    step.site = site === undefined ? -1 : scheduler.site(site.file, site.line, site.column);
  }

  #learn(slot: Slot, { buffer, memory, bytes }: P.Extra): void {
    if (buffer !== undefined) slot.made.push(buffer);
    else if (memory !== undefined) slot.made.push(this.#memories[memory]!.buffer);
    // One that the others cannot see: something of its size stands for it.
    else if (bytes !== undefined) slot.made.push(new ArrayBuffer(bytes));
  }

  /** The view of a record here: over the same memory, or over what stands for it. */
  #view(slot: Slot, base: number): AtomicView {
    const { words } = slot.block;
    const { last } = slot;
    const number = words[base + P.BUFFER]!;
    const type = words[base + P.TYPE]!;
    const offset = words[base + P.OFFSET]!;
    const length = words[base + P.LENGTH]!;
    if (
      slot.lastView !== undefined &&
      last[0] === number &&
      last[1] === type &&
      last[2] === offset &&
      last[3] === length
    )
      return slot.lastView;
    const key = `${number} ${type} ${offset} ${length}`;
    let view = slot.views.get(key);
    if (view === undefined) {
      const buffer = number < 0 ? slot.made[-1 - number]! : this.#buffers[number]!;
      const Maker = (globalThis as unknown as Record<string, ViewMaker>)[P.viewTypes[type]!]!; // one of the table
      view = new Maker(buffer, offset, length);
      slot.views.set(key, view);
    }
    last[0] = number;
    last[1] = type;
    last[2] = offset;
    last[3] = length;
    slot.lastView = view;
    return view;
  }

  // --- performing -----------------------------------------------------------------------------------------------

  /** `Atomics` for the scheduler: it never knows who took the step. */
  #standIn(): typeof Atomics {
    const native = this.#native as unknown as Record<string, (...args: unknown[]) => unknown>;
    const table: Record<string, unknown> = Object.create(null);
    for (const name of Object.keys(native)) {
      const plain = native[name]!; // one of its keys
      table[name] = (view: unknown, index: unknown, a: unknown, b: unknown): unknown => {
        const slot = this.#slots[this.#scheduler!.current]!; // asked for the step of a thread
        if (slot.executed) {
          const base = P.firstRecord + (slot.taken - 1) * P.recordWords;
          // Who watches looks at the cell before a store.
          if (name === 'load' && slot.kind === STORE)
            return slot.block.read(slot.block.words[base + P.P_TAG]!, (base >> 1) + P.P_VALUE);
          return slot.block.read(slot.block.words[base + P.R_TAG]!, (base >> 1) + P.R_VALUE);
        }
        // For a wait the scheduler also looks at the word: that is no step.
        if (slot.odd && stepNames[slot.kind] === name) return this.#perform(slot);
        return plain(view, index, a, b);
      };
    }
    return table as unknown as typeof Atomics;
  }

  /** Lets the worker take its pending step: only it has the arguments. */
  #perform(slot: Slot): unknown {
    this.#grant(slot, P.PERFORM);
    this.#await(this.#scheduler!.current, slot);
    slot.performed = true;
    const tag = slot.block.words[P.RESULT_TAG]!;
    slot.threw = tag === P.OTHER;
    if (slot.threw) throw errorOf(this.#receive(slot) as Thrown);
    return slot.block.read(tag, P.resultValue);
  }

  // --- between executions ---------------------------------------------------------------------------------------

  /** Gets every thread out of the execution that is over. One that does not leave loses its worker. */
  unwind(): void {
    for (const [t, slot] of this.#slots.entries()) {
      if (!slot.busy || slot.dead) continue;
      slot.busy = false;
      // Records that nobody asked for may have left messages.
      this.#grant(slot, P.ABORT);
      try {
        this.#await(t, slot, Math.min(1000, this.#stepMs));
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error;
      }
      while (receiveMessageOnPort(slot.port) !== undefined);
    }
  }

  // --- workers --------------------------------------------------------------------------------------------------

  #startWorker(thread: number): Slot {
    const block = new P.ControlBlock();
    const { port1, port2 } = new MessageChannel();
    const worker = startWorker(
      './agent',
      this.#reference,
      thread,
      port2,
      block.words.buffer,
      this.#heapMegabytes,
    );
    port1.unref();
    // The platform says whether there is still somebody who could read it; the worker passes over it.
    const sent = port1.postMessage.bind(port1) as (message: null) => unknown;
    const isGone = (): boolean => sent(null) === false;
    // What it says of its end comes when the event loop turns; the block tells what matters before.
    worker.on('error', (error: unknown) => {
      this.deaths.push(`the worker of thread ${thread} died: ${describeError(error)}`);
    });
    return {
      worker,
      port: port1,
      isGone,
      block,
      announced: 0,
      granted: 0,
      ready: false,
      dead: false,
      busy: false,
      logged: 0,
      taken: 0,
      performed: false,
      threw: false,
      state: P.STARTING,
      program: -1,
      made: [],
      views: new Map(),
      lastView: undefined,
      last: new Int32Array(4),
      kind: LOAD,
      odd: false,
      executed: false,
    };
  }

  /** Waits until a worker has loaded the program. */
  #ready(thread: number): void {
    const slot = this.#slots[thread]!;
    if (slot.ready) return;
    try {
      this.#await(thread, slot, this.#loadMs, 0);
    } catch (error) {
      if (error instanceof WorkerError)
        throw new ProgramError(
          `thread ${thread}: its worker did not load ${this.#reference.module}: ${error.message}`,
        );
      throw error;
    }
    if (slot.block.words[P.STATE] === P.FAILED) {
      slot.dead = true;
      throw new ProgramError(
        `module ${this.#reference.module} could not be loaded in a worker: ${String(this.#receive(slot))}`,
      );
    }
    slot.ready = true;
  }

  #receive(slot: Slot): unknown {
    const message = receiveMessageOnPort(slot.port);
    if (message === undefined) throw new Error('a message that a worker announced did not come');
    return message.message;
  }

  #grant(slot: Slot, command: number): void {
    const { words } = slot.block;
    words[P.COMMAND] = command;
    slot.granted = (slot.granted + 1) | 0;
    this.#native.store(words, P.GRANT, slot.granted);
    this.#native.notify(words, P.GRANT);
    this.handOffs++;
  }

  /** Waits until the worker gives the turn back. @throws WorkerError when it does not, and then it is ended. */
  #await(thread: number, slot: Slot, ms: number = this.#stepMs, looks: number = P.schedulerLooks): void {
    const { words } = slot.block;
    const native = this.#native;
    for (;;) {
      const before = slot.announced;
      let left = ms;
      while (!P.awaitChange(native, words, P.ANNOUNCE, before, looks, Math.min(left, lookEvery))) {
        left -= lookEvery;
        if (left <= 0 || slot.isGone()) throw this.#end(thread, slot, ms, left > 0);
      }
      slot.announced = (before + 1) | 0;
      const state = words[P.STATE];
      if (state === P.DEAD) throw this.#end(thread, slot, ms);
      if (state !== P.CLOCK && state !== P.CHANCE) return;
      const scheduler = this.#scheduler!; // only a thread asks
      slot.block.floats[P.resultValue] = state === P.CLOCK ? scheduler.now() : scheduler.draw();
      this.#grant(slot, P.RESULT);
    }
  }

  /** Ends a worker that does not come back, and says what is known of it. */
  #end(thread: number, slot: Slot, ms: number, isGone = false): WorkerError {
    slot.dead = true;
    slot.busy = false;
    const exited = slot.block.words[P.STATE] === P.DEAD;
    void slot.worker.terminate();
    if (exited)
      return new WorkerError(
        'crashed',
        `thread ${thread} ended its worker (process.exit(${slot.block.words[P.EXIT_CODE]}))`,
      );
    if (isGone)
      return new WorkerError(
        'crashed',
        `thread ${thread}: its worker died without a word, most likely out of memory: it has ${this.#heapMegabytes} MB (give more with heap, --heap)`,
      );
    return new WorkerError(
      'livelocked',
      `thread ${thread} has run for ${ms / 1000} s without a step, and its worker was ended: it never reaches an Atomics call (an endless loop in plain code), or it computes for longer than that (give more with stepTime, --step-time)`,
    );
  }
}

/** Shared WebAssembly memories have a buffer object of their own in each isolate: they are told by their place in what `setup` made. */
function findMemories(value: unknown, found: P.MemoryLike[], seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  if (isSharedMemory(value)) found.push(value as P.MemoryLike);
  else if (value instanceof Map || value instanceof Set)
    for (const entry of value as Iterable<unknown>) findMemories(entry, found, seen);
  else for (const inner of Object.values(value)) findMemories(inner, found, seen);
}

/** A thread as the scheduler resumes it: in place of a twin's generator. */
function remoteGenerator(threads: WorkerThreads, thread: number): Generator<undefined, unknown, unknown> {
  return {
    next: (result: unknown) => threads.next(thread, result),
    throw: (error: unknown) => threads.throw(thread, error),
  } as unknown as Generator<undefined, unknown, unknown>;
}
