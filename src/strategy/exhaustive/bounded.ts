/**
 * Exhaustive search up to a number of preemptions: every behaviour that some schedule with at most so many preemptions has (iterative context bounding,
 * Musuvathi and Qadeer, PLDI 2007). Switches where a thread blocks, ends, sleeps with a time-out or waits by looking are free.
 *
 * Depth-first over the schedules, and a state is left at once when the search has been in it: in the same state (up to the order of independent events:
 * prefix-hash.ts), with the same current thread, and with no more preemptions used. That is CHESS's happens-before caching, and it is exact.
 *
 * Why not the reduction of exhaustive.ts with a bound: an order that it leaves to an equivalent schedule may be out of the bound there. Bounded partial-order reduction (Coons,
 * Musuvathi and McKinley, OOPSLA 2013) mends that with conservative points, for which sleep sets must be given up; with the cache nothing has to be mended. Its price is the memory of the states, about
 * 40 bytes each, and executions that only come to where the search has been: they are run to their end.
 */
import type { ExecutedStep } from '../../instrument/executed-step.ts';
import { TIMEOUT } from '../../instrument/step.ts';
import type { SchedulerView, SearchState, Strategy } from '../strategy.ts';
import { changedItself, clock } from './exhaustive.ts';
import { Locations } from './footprint.ts';
import { PrefixHash } from './prefix-hash.ts';
import { leastRounds, SpinWatch } from './spin-watch.ts';
import { StepReader } from './step-reader.ts';

interface Point {
  readonly choices: readonly number[];
  index: number;
}

export class BoundedSearch implements Strategy {
  readonly name: string;
  readonly #bound: number;
  #locations: Locations = new Locations(0);
  #reader: StepReader = new StepReader(this.#locations, 0);
  #spins: SpinWatch = new SpinWatch(0);
  #hash: PrefixHash = new PrefixHash(0);
  /** For each current thread (from -1) the states seen, with the fewest preemptions used. */
  #seen: Map<number, number>[] = [];
  readonly #path: Point[] = [];
  #depth = 0;
  #used = 0;
  #view: SchedulerView | undefined;
  #tail = false;
  #state: 'fresh' | 'running' | 'done' = 'fresh';
  /** The same path once more: a loop that waits was met on it. */
  #again = false;
  #probe = -1;
  #probeDepth = 0;
  #probeStep = 0;
  #probeSite = -1;
  readonly #limits: Set<string> = new Set();
  #held: Uint8Array = new Uint8Array(0);
  #repeats: Uint8Array = new Uint8Array(0);

  /** Executions that came to a state that was known. */
  redundant = 0;
  /** Executions cut short by loops that wait. */
  cut = 0;

  /** @param bound most preemptions; Infinity for none: a search of all states. */
  constructor(bound: number) {
    if (!(bound >= 0)) throw new RangeError(`a bound of ${bound} preemptions: give a whole number from 0`);
    this.#bound = bound;
    this.name = `exhaustive(preemptions ${bound})`;
  }

  begin(_execution: number, threads: number): boolean {
    if (this.#state === 'fresh') {
      this.#locations = new Locations(threads);
      this.#reader = new StepReader(this.#locations, threads);
      this.#spins = new SpinWatch(threads);
      this.#hash = new PrefixHash(threads);
      this.#held = new Uint8Array(threads);
      this.#repeats = new Uint8Array(threads);
      this.#seen = Array.from({ length: threads + 1 }, () => new Map<number, number>());
      this.#state = 'running';
    } else if (!this.#advance()) this.#state = 'done';
    if (this.#state === 'done') return false;
    this.#depth = 0;
    this.#used = 0;
    this.#tail = threads === 1;
    this.#probe = -1;
    this.#reader.reset();
    this.#spins.reset();
    this.#hash.reset();
    this.#held.fill(0);
    this.#repeats.fill(0);
    return true;
  }

  #advance(): boolean {
    const path = this.#path;
    if (!this.#tail && this.#view !== undefined) {
      this.#settle();
      // The choice of the probe was the last: nobody else could go on.
      const rounds = this.#probe === -1 ? 0 : this.#view.steps - this.#probeStep;
      if (rounds >= leastRounds && this.#repeats[this.#probe] === 1) this.#hold();
    }
    if (this.#again) {
      this.#again = false;
      return true;
    }
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      if (++last.index < last.choices.length) return true;
      path.pop();
    }
    return false;
  }

  choose(view: SchedulerView): number {
    this.#view = view;
    this.#settle();
    if (!this.#tail && this.#probe !== -1) this.#checkProbe();
    if (this.#tail) return view.baseChoice();
    const { current } = view;
    const goesOn =
      current !== -1 &&
      view.isEnabled(current) &&
      view.pending[current]!.kind !== TIMEOUT &&
      this.#held[current] === 0;
    const point = this.#path[this.#depth] ?? this.#point(view, goesOn);
    if (point === undefined) {
      this.#tail = true;
      return view.baseChoice();
    }
    this.#depth++;
    const thread = point.choices[point.index]!; // advance keeps it inside
    if (!view.isEnabled(thread)) {
      this.#diverged();
      return view.baseChoice();
    }
    if (goesOn && thread !== current) this.#used++;
    if (this.#repeats[thread] === 1 && this.#depth === this.#path.length && this.#probe === -1) {
      this.#probe = thread;
      this.#probeDepth = this.#depth - 1;
      this.#probeStep = view.steps;
      this.#probeSite = view.pending[thread]!.site;
    }
    return thread;
  }

  /** A state at the end of the path: its choices, or undefined where it is known or nothing is left to do. */
  #point(view: SchedulerView, goesOn: boolean): Point | undefined {
    const choices: number[] = [];
    const first = this.#first(view, goesOn);
    if (first !== -1) choices.push(first);
    if (!goesOn || this.#used < this.#bound)
      for (let i = 0; i < view.count; i++) {
        const thread = view.enabled[i]!;
        if (thread !== first && this.#held[thread] === 0) choices.push(thread);
      }
    if (choices.length === 0) {
      this.cut++;
      return undefined;
    }
    const seen = this.#seen[goesOn ? view.current + 1 : 0]!;
    const state = this.#hash.value();
    const used = seen.get(state);
    if (used !== undefined && used <= this.#used) {
      this.redundant++;
      return undefined;
    }
    seen.set(state, this.#used);
    const point = { choices, index: 0 };
    this.#path.push(point);
    return point;
  }

  /** A thread that repeats itself is followed until one knows what it does; else the base order comes first. */
  #first(view: SchedulerView, goesOn: boolean): number {
    if (goesOn) return view.current;
    if (this.#probe !== -1) return this.#probe;
    for (let i = 0; i < view.count; i++) {
      const thread = view.enabled[i]!;
      if (this.#repeats[thread] === 1 && this.#held[thread] === 0) return thread;
    }
    const base = view.baseChoice();
    return this.#held[base] === 0 ? base : -1;
  }

  draw(): number {
    return 0;
  }

  observe(step: ExecutedStep): void {
    if (this.#tail) return;
    const reader = this.#reader;
    if (step.scheduled) {
      this.#settle();
      const { thread } = step;
      // Where the probed thread was set aside and one other can go on, nobody is asked to choose.
      if (this.#probe !== -1 && thread !== this.#probe) this.#checkProbe();
      if (this.#held[thread] === 1) {
        this.cut++;
        this.#tail = true;
      }
      if (this.#tail) return;
      reader.start(step, this.#view!.pending[thread]!); // step 0 is a choice where there are two threads
      if (!reader.effective) this.#spins.note(step);
    } else reader.extend(step);
    if (reader.effective) this.#spins.clear(step.thread);
  }

  ended(): void {}

  search(): SearchState {
    let whole = 1;
    let share = this.#state === 'done' ? 1 : 0;
    for (const { choices, index } of this.#path) {
      share += (whole * index) / choices.length;
      whole /= choices.length;
    }
    return {
      bound: Number.isFinite(this.#bound) ? this.#bound : null,
      limits: [...this.#limits],
      share,
      cut: this.cut,
      redundant: this.redundant,
    };
  }

  #settle(): void {
    const reader = this.#reader;
    if (!reader.open) return;
    reader.close();
    const { thread } = reader;
    this.#hash.add(thread, reader.kind, reader.footprint, this.#locations);
    const view = this.#view!; // there was a choice before the first event
    if (view.looksOf(thread) > 0) this.#limits.add(clock);
    const repeats = this.#spins.repeats(thread, view);
    this.#repeats[thread] = repeats ? 1 : 0;
    if (repeats && this.#spins.isWaiting(thread, view.pending[thread]!.site)) this.#held[thread] = 1;
  }

  #checkProbe(): void {
    const probe = this.#probe;
    // A round may sleep for a while.
    if (this.#repeats[probe] === 0 && this.#view!.pending[probe]!.kind !== TIMEOUT) this.#probe = -1;
    else if (!this.#view!.isEnabled(probe)) this.#hold();
  }

  #hold(): void {
    this.#spins.learn(this.#probe, this.#probeSite);
    this.#path.length = this.#probeDepth;
    this.#again = true;
    this.#tail = true;
    this.#probe = -1;
  }

  #diverged(): void {
    this.#limits.add(changedItself);
    this.#tail = true;
  }
}
