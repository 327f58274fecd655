/**
 * The worker's side of threads that run free: it imports the program, unmodified, and runs one thread of it, execution after execution, from a start line
 * that all threads leave together.
 *
 * `Atomics` is the platform's own, compiled as in production, but for `wait` and `notify`: they note who sleeps where before they
 * call the platform's. Both take V8's futex mutex anyway, so the notes add no order that was not there.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import { nativeAtomics } from '../../instrument/builtins.ts';
import { describeError, describeWithStack, isDeferred, notSynchronous } from '../describe.ts';
import { type Program, ProgramError } from '../program.ts';
import { type BootData, importProgram, thrownOf } from '../workers/boot.ts';
import * as B from './block.ts';
import { Over } from './over.ts';

/** Looks so often at the start line before it sleeps: with a processor for each thread all come before that. */
const looks = 20_000;

const native = nativeAtomics();

class FreeAgent {
  readonly #data: BootData;
  readonly #block: B.Block;
  readonly #words: Int32Array<SharedArrayBuffer>;
  #program: Program | undefined;
  #number = 0;
  #granted = 0;
  /** Number of the execution that runs, from 1; 0 between executions: then `wait` and `notify` are as they always were. */
  #running = 0;
  #over = false;
  #stack = '';
  #buffers: readonly ArrayBufferLike[] = [];
  #random = 1;

  constructor(data: BootData) {
    this.#data = data;
    this.#block = B.blockOver(data.block);
    this.#words = this.#block.words;
  }

  async serve(): Promise<never> {
    this.#install();
    const words = this.#words;
    process.on('exit', (code) => {
      words[B.EXIT_CODE] = code;
      this.#is(B.DEAD);
    });
    let make: (data: unknown) => Program;
    try {
      make = await importProgram(this.#data);
      this.#is(B.IDLE);
    } catch (error) {
      this.#data.port.postMessage(describeWithStack(error));
      this.#is(B.FAILED);
      throw error;
    }
    for (;;) {
      while (native.load(words, B.GRANT) === this.#granted) native.wait(words, B.GRANT, this.#granted);
      this.#granted = (this.#granted + 1) | 0;
      const batch = receiveMessageOnPort(this.#data.port)!.message as B.Batch; // sent before the grant
      this.#run(batch, make);
      native.store(words, B.STATE, B.IDLE);
      native.add(batch.common, B.BELL, 1);
      native.notify(batch.common, B.BELL);
    }
  }

  #is(state: number): void {
    native.store(this.#words, B.STATE, state);
    native.notify(this.#words, B.STATE);
  }

  #run(batch: B.Batch, make: (data: unknown) => Program): void {
    const words = this.#words;
    const { thread } = this.#data;
    const { items, common } = batch;
    if (batch.program !== this.#number) this.#program = undefined;
    this.#number = batch.program;
    const values: unknown[] = [];
    const threw: B.BatchReport['threw'][number][] = [];
    const slept: B.BatchReport['slept'][number][] = [];
    this.#random = (Math.imul(batch.seed, 0x9e3779b1) ^ Math.imul(thread + 1, 0x85ebca6b)) | 1;
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!; // below its length
      let local: unknown;
      let fault: { readonly error: unknown } | undefined;
      this.#over = false;
      this.#buffers = item.buffers;
      this.#running = i + 1;
      native.store(words, B.PHASE, B.ATTACHING);
      try {
        this.#program ??= make(batch.data);
        const { attach } = this.#program;
        local = attach === undefined ? item.shared : attach.call(this.#program, item.shared, thread);
        if (isDeferred(local)) throw notSynchronous('a promise or a generator for its attach');
      } catch (error) {
        fault = { error };
        if (!this.#over) threw.push([i, thrownOf(error), true]);
      }
      this.#running = 0;
      native.store(words, B.PHASE, B.BETWEEN);
      if (!this.#line(common, B.LINES + B.lineWords * i, batch.parties)) break;
      if (fault === undefined) {
        this.#delay(batch.mostDelay);
        this.#running = i + 1;
        native.store(words, B.PHASE, B.RUNNING);
        try {
          const value = this.#program!.thread(thread, local);
          if (isDeferred(value)) throw notSynchronous('a promise or a generator');
          values[i] = value;
        } catch (error) {
          if (!this.#over) threw.push([i, thrownOf(error), false]);
        }
        this.#running = 0;
        native.store(words, B.PHASE, B.BETWEEN);
      }
      if (this.#over) slept.push([i, this.#stack]);
      native.store(words, B.DONE, i + 1);
      if (this.#over) {
        native.add(common, B.BELL, 1);
        native.notify(common, B.BELL);
      }
    }
    this.#send({ values, threw, slept });
  }

  #send(report: B.BatchReport): void {
    const { port } = this.#data;
    try {
      port.postMessage(report);
    } catch (error) {
      const fault = new ProgramError(
        `its result cannot be handed over: ${describeError(error)}; return what structuredClone takes`,
      );
      port.postMessage({
        values: [],
        threw: [[0, thrownOf(fault), false]],
        slept: [],
      } satisfies B.BatchReport);
    }
  }

  /** Waits until all threads are here. False: the batch is over. */
  #line(common: Int32Array, at: number, parties: number): boolean {
    if (native.add(common, at, 1) === parties - 1) {
      native.store(common, at + 1, 1);
      native.notify(common, at + 1);
      return true;
    }
    for (let i = 0; native.load(common, at + 1) === 0; i++) {
      if (native.load(common, B.STOP) === 1) return false;
      // More threads than processors: do not keep the others from coming.
      if (i >= looks) native.wait(common, at + 1, 0, 1);
    }
    return true;
  }

  /** So that threads do not always meet in the same way: half of the time at once, else after a drawn time. */
  #delay(most: number): void {
    let x = this.#random; // xorshift32, Marsaglia 2003
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    if ((x & 1) === 0) return;
    for (let i = (x >>> 8) % (most + 1); i > 0; i--) native.load(this.#words, B.PHASE);
  }

  // --- what the thread sees of the platform -----------------------------------------------------------------

  #install(): void {
    const { wait, notify } = native as unknown as Record<string, (...args: unknown[]) => unknown>;
    const words = this.#words;
    const waits = (view: unknown, index: unknown, value: unknown, timeout: unknown): unknown => {
      const running = this.#running;
      if (running === 0) return wait!(view, index, value, timeout);
      if (this.#over) throw new Over('the execution is over');
      this.#note(view, index, value, timeout);
      native.add(words, B.SLEEPS, 1);
      let result: unknown;
      try {
        result = wait!(view, index, value, timeout);
      } finally {
        const over = native.load(words, B.ABORT) === running;
        if (!over && result === 'ok') words[B.WOKEN]!++;
        native.add(words, B.SLEEPS, 1);
        if (over) {
          this.#over = true;
          const error = new Over('the execution is over');
          this.#stack = String(error.stack);
          // biome-ignore lint/correctness/noUnsafeFinally: whatever came of the wait, the execution is over
          throw error;
        }
      }
      return result;
    };
    const notifies = (view: unknown, index: unknown, count: unknown): unknown => {
      const woken = notify!(view, index, count);
      if (this.#running !== 0 && woken !== 0)
        native.add(words, this.#over ? B.LATE : B.WAKES, woken as number);
      return woken;
    };
    for (const [name, value, length] of [
      ['wait', waits, 4],
      ['notify', notifies, 3],
    ] as const) {
      Object.defineProperty(value, 'name', { value: name, configurable: true });
      Object.defineProperty(value, 'length', { value: length, configurable: true });
      Object.defineProperty(Atomics, name, { value, configurable: true, writable: true, enumerable: false });
    }
  }

  /** Notes what the thread is about to sleep on. What is not as the platform wants it, the platform refuses. */
  #note(view: unknown, index: unknown, value: unknown, timeout: unknown): void {
    const words = this.#words;
    const wide = typeof value === 'bigint';
    const isView = view instanceof Int32Array || view instanceof BigInt64Array;
    words[B.FOREVER] =
      timeout === undefined || timeout === Number.POSITIVE_INFINITY || Number.isNaN(timeout) ? 1 : 0;
    words[B.BUFFER] = isView ? this.#buffers.indexOf(view.buffer) : -1;
    words[B.OFFSET] = isView ? view.byteOffset + view.BYTES_PER_ELEMENT * wholeOr0(index) : 0;
    words[B.WIDE] = wide ? 1 : 0;
    this.#block.wide[B.VALUE >> 1] = wide ? value : BigInt(wholeOr0(value));
  }
}

function wholeOr0(value: unknown): number {
  return typeof value === 'number' ? value | 0 : 0;
}

/** Runs in the worker for as long as it lives. */
export async function serve(data: BootData): Promise<never> {
  process.setSourceMapsEnabled(true);
  return new FreeAgent(data).serve();
}
