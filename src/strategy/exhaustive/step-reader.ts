/**
 * Reads what the engine tells of an execution as events with footprints. An event is a scheduled step together with the steps without a scheduling
 * point that follow it: its footprint is only whole when the thread has announced its next step. Keeps a model of the wait queues.
 */
import type { ExecutedStep } from '../../instrument/executed-step.ts';
import {
  type AtomicView,
  CALL,
  COMPARE_EXCHANGE,
  NOTIFY,
  START,
  STORE,
  type Step,
  type StepKind,
  TIMEOUT,
  WAIT,
  WOKEN,
} from '../../instrument/step.ts';
import { type Footprint, type Locations, nothing } from './footprint.ts';

/** An event, and what one must know to tell what it would have done elsewhere. */
export interface EventDetail {
  kind: StepKind;
  view: AtomicView | undefined;
  /** First byte of its cell. */
  offset: number;
  /** What it found in its cell. */
  found: unknown;
  /** Arguments of the call: expected value or count; replacement or time-out. */
  a: unknown;
  b: unknown;
  /** Threads that slept on its cell before it, in their order: for events of a wait queue. */
  queue: readonly number[];
  /** It has steps without a scheduling point. */
  compound: boolean;
}

export class StepReader implements EventDetail {
  readonly #locations: Locations;
  readonly #single: (Footprint | undefined)[] = [];
  /** For each location that is a queue, its sleepers. */
  readonly #queues: (number[] | undefined)[] = [];
  readonly #usedQueues: number[] = [];
  /** 1: asleep for good until a notify; 2: with a time-out. */
  readonly #asleep: Uint8Array;
  #more: number[] | undefined;

  /** Whether there is an event that has not been taken. */
  open = false;
  thread = 0;
  kind: StepKind = START;
  view: AtomicView | undefined = undefined;
  offset = 0;
  found: unknown = undefined;
  a: unknown = undefined;
  b: unknown = undefined;
  queue: readonly number[] = nothing;
  compound = false;
  footprint: Footprint = nothing;
  /** Whether it changed anything that another thread could see. */
  effective = false;
  /** Threads that it woke out of a wait with a time-out. */
  readonly wokeTimed: number[] = [];

  constructor(locations: Locations, threads: number) {
    this.#locations = locations;
    this.#asleep = new Uint8Array(threads);
  }

  /** An execution begins. */
  reset(): void {
    this.open = false;
    this.#asleep.fill(0);
    for (const queue of this.#usedQueues) this.#queues[queue]!.length = 0;
    this.#usedQueues.length = 0;
  }

  isAsleep(thread: number): boolean {
    return this.#asleep[thread] === 1;
  }

  /** The event is whole and was dealt with. */
  close(): void {
    this.open = false;
  }

  /** A scheduled step begins an event. `pending` is what the thread had announced. */
  start(step: ExecutedStep, pending: Step): void {
    const { kind, thread } = step;
    this.open = true;
    this.thread = thread;
    this.kind = kind;
    this.compound = false;
    this.#more = undefined;
    this.queue = nothing;
    if (this.wokeTimed.length > 0) this.wokeTimed.length = 0;
    this.effective = kind === START || kind === CALL || kind === WOKEN;
    if (kind === WOKEN) this.footprint = this.#one(this.#locations.token(thread), false);
    else if (kind === TIMEOUT) this.#timeOut(step);
    else if (step.buffer === -1) this.footprint = nothing;
    else {
      this.view = pending.view;
      this.offset = step.byteOffset;
      this.a = pending.a;
      this.b = pending.b;
      if (kind === NOTIFY) this.#notify(step);
      else if (kind === WAIT) this.#wait(step, pending);
      else {
        const { wrote } = step;
        this.footprint = this.#one(this.#cell(step), wrote);
        this.found = kind === STORE ? step.previous : step.result;
        this.effective =
          wrote &&
          (kind === STORE || kind === COMPARE_EXCHANGE || cellOf(pending) !== (step.result as number));
      }
    }
  }

  /** A step without a scheduling point: it belongs to the open event. */
  extend(step: ExecutedStep): void {
    if (step.buffer === -1) return;
    this.compound = true;
    this.#more ??= [...this.footprint];
    const { kind } = step;
    if (kind === NOTIFY) {
      const woke = step.woke;
      const queue = this.#locations.queue(step.buffer, step.byteOffset);
      this.#wake(queue, woke);
      this.#more.push(queue * 2 + (woke.length > 0 ? 1 : 0));
      for (const t of woke) this.#more.push(this.#locations.token(t) * 2 + 1);
      if (woke.length > 0) this.effective = true;
    } else {
      this.#more.push(this.#cell(step) * 2 + (step.wrote ? 1 : 0));
      if (step.wrote) this.effective = true;
    }
    this.footprint = this.#more;
  }

  #cell({ buffer, byteOffset, byteLength }: ExecutedStep): number {
    return this.#locations.cell(buffer, byteOffset, byteLength);
  }

  /** A footprint of one access: made once. */
  #one(location: number, write: boolean): Footprint {
    const access = location * 2 + (write ? 1 : 0);
    this.#single[access] ??= [access];
    return this.#single[access];
  }

  #sleepers(queue: number): number[] {
    let sleepers = this.#queues[queue];
    if (sleepers === undefined) {
      sleepers = [];
      this.#queues[queue] = sleepers;
    }
    return sleepers;
  }

  #wait(step: ExecutedStep, pending: Step): void {
    const cell = this.#cell(step) * 2;
    this.found = cellOf(pending);
    this.effective = step.slept && !step.timed;
    if (!step.slept) {
      this.footprint = this.#one(cell >> 1, false);
      return;
    }
    const queue = this.#locations.queue(step.buffer, step.byteOffset);
    const sleepers = this.#sleepers(queue);
    this.queue = sleepers.slice();
    if (sleepers.length === 0) this.#usedQueues.push(queue);
    sleepers.push(step.thread);
    this.#asleep[step.thread] = step.timed ? 2 : 1;
    this.footprint = [cell, queue * 2 + 1];
  }

  #notify(step: ExecutedStep): void {
    const queue = this.#locations.queue(step.buffer, step.byteOffset);
    const { woke } = step;
    this.queue = this.#sleepers(queue).slice();
    this.effective = woke.length > 0;
    if (woke.length === 0) {
      this.footprint = this.#one(queue, false);
      return;
    }
    for (const t of woke) if (this.#asleep[t] === 2) this.wokeTimed.push(t);
    this.#wake(queue, woke);
    this.footprint = [queue * 2 + 1, ...woke.map((t) => this.#locations.token(t) * 2 + 1)];
  }

  #wake(queue: number, woke: readonly number[]): void {
    if (woke.length === 0) return;
    const sleepers = this.#sleepers(queue);
    for (const t of woke) {
      sleepers.splice(sleepers.indexOf(t), 1);
      this.#asleep[t] = 0;
    }
  }

  #timeOut(step: ExecutedStep): void {
    const { thread } = step;
    const queue = this.#locations.queue(step.buffer, step.byteOffset);
    const sleepers = this.#sleepers(queue);
    this.queue = sleepers.slice();
    sleepers.splice(sleepers.indexOf(thread), 1);
    this.#asleep[thread] = 0;
    this.footprint = this.timeOutFootprint(queue, thread);
  }

  /** Of a time-out that did not come: what it would have touched. */
  timeOutFootprint(queue: number, thread: number): Footprint {
    return [queue * 2 + 1, this.#locations.token(thread) * 2 + 1];
  }
}

/** What is in the cell of a step now. */
function cellOf({ view, index }: Step): number | bigint {
  return view![index as number]!; // the step was performed there
}
