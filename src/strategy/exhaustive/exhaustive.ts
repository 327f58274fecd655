/**
 * Exhaustive search: every behaviour of a program once. Optimal dynamic partial-order reduction with wake-up trees and sleep sets, after Abdulla,
 * Aronis, Jonsson and Sagonas, "Source sets: a foundation for optimal dynamic partial order reduction" (JACM 2017), algorithm 2.
 *
 * Why this one and not the execution graphs of TruSt (POPL 2022): a strategy here chooses one step after another of a program that really runs,
 * and the state it needs is a path of steps; graphs would need executions that can be cut and revisited in the middle. Its price is the memory of
 * the trees, a few sequences for each step of the current path in practice.
 *
 * How it goes. An execution is run to its end; what happened before what is kept in vector clocks. For each two events that race, the execution in
 * which the later one comes first is needed from the state before the earlier one: the events that do not depend on the earlier one, then the later
 * one, go into that state's wake-up tree, unless a thread that sleeps there covers them. The next execution takes the deepest state with something
 * left. Only races with events that are new in an execution are looked at: those before were looked at when they were new. An exception are races whose later event
 * touches something else when it comes first: what did not depend on it may do so then, so they are looked at in every execution that has them.
 *
 * Departures and additions:
 * - What a reversed compare-exchange, wait or notify does is told beforehand (reversal.ts), so that reads stay reads.
 * - A time-out that a notify forestalled is an event that did not come: it races with the notify.
 * - A thread that throws ends the execution: it races with the next step of every other thread.
 * - Loops that wait by looking: see spin-watch.ts. What is left of such an execution is run, but not searched.
 */
import type { ExecutedStep } from '../../instrument/executed-step.ts';
import { TIMEOUT } from '../../instrument/step.ts';
import type { SchedulerView, SearchState, Strategy } from '../strategy.ts';
import { type Footprint, Locations, sameFootprint, unknown } from './footprint.ts';
import { Recording } from './recording.ts';
import { reversed } from './reversal.ts';
import { CheckpointError, known, knownBranch, type SavedSearch } from './saved.ts';
import { leastRounds, SpinWatch } from './spin-watch.ts';
import { StepReader } from './step-reader.ts';
import { type Branch, insert, Sequence } from './wakeup-tree.ts';

/** Why a search of a program that is no function of its schedule is not complete. */
export const changedItself =
  'the program took other steps under the same choices: take clocks, randomness and state that outlives an execution out of it';

/** Looking at the clock depends on the time-outs that fired before, and is no step. */
export const clock =
  'threads read the clock (performance.now, Date.now, or an operation with a time limit), and what it shows in other orders is not searched';

export interface Sleeper {
  readonly thread: number;
  readonly footprint: Footprint;
}

/** What is known of the state before an event of the current path. */
export interface Level {
  /** Threads whose next step need not be explored from here, those that were among them. */
  sleep: Sleeper[];
  /** Branches left besides the current one. */
  branches: Branch[];
  /** Branches that are done. */
  done: number;
}

export class ExhaustiveSearch implements Strategy {
  readonly name = 'exhaustive';
  #locations: Locations = new Locations(0);
  #reader: StepReader = new StepReader(this.#locations, 0);
  #spins: SpinWatch = new SpinWatch(0);
  #path: Recording = new Recording(this.#locations, 0);
  readonly #levels: Level[] = [];
  readonly #sequence: Sequence = new Sequence();
  /** Threads of the events to repeat and of the branch after them, and the footprints that are expected. */
  readonly #plan: number[] = [];
  readonly #expected: Footprint[] = [];
  /** Events that the execution has in common with the one before: the path begins with them. */
  #common = 0;
  /** Events of the execution so far. */
  #depth = 0;
  #view: SchedulerView | undefined;
  /** What follows is run, but no longer searched. */
  #tail = false;
  #state: 'fresh' | 'running' | 'ended' | 'ready' | 'done' = 'fresh';
  /** The path is to be run once before it is known: the search goes on from a checkpoint. */
  #resumed = false;
  readonly #limits: Set<string> = new Set();
  /** 1: the thread's pending step begins another round of a loop. */
  #repeats: Uint8Array = new Uint8Array(0);
  /** 1: it waits by looking, for the rest of the execution. */
  #held: Uint8Array = new Uint8Array(0);
  /** The thread that is run alone to see whether its loop ends, or -1; where that began. */
  #probe = -1;
  #probeStart = 0;
  #probeSite = -1;

  /** Executions that turned out to repeat a behaviour: 0 unless something above is not exact. */
  redundant = 0;
  /** Executions cut short by loops that wait. */
  cut = 0;
  /** Reversed events that did something else than foretold. */
  surprises = 0;

  begin(_execution: number, threads: number): boolean {
    if (this.#state === 'fresh') this.#start(threads);
    else if (this.#state === 'running' || this.#state === 'ended') this.#next();
    if (this.#state === 'done') return false;
    this.#state = 'running';
    this.#tail = false;
    this.#probe = -1;
    this.#reader.reset();
    this.#spins.reset();
    this.#repeats.fill(0);
    this.#held.fill(0);
    this.#depth = 0;
    this.#path.rewind(this.#resumed ? 0 : this.#common);
    // One thread has no choices, and nobody is asked for them.
    if (threads === 1) this.#tail = true;
    return true;
  }

  #start(threads: number): void {
    this.#locations = new Locations(threads);
    this.#reader = new StepReader(this.#locations, threads);
    this.#spins = new SpinWatch(threads);
    this.#path = new Recording(this.#locations, threads);
    this.#repeats = new Uint8Array(threads);
    this.#held = new Uint8Array(threads);
    this.#levels.push({ sleep: [], branches: [], done: 0 });
  }

  choose(view: SchedulerView): number {
    this.#view = view;
    this.#settle();
    if (this.#tail) return view.baseChoice();
    const depth = this.#depth;
    if (depth >= this.#plan.length) return this.#extend(view);
    const thread = this.#plan[depth]!;
    if (view.isEnabled(thread)) return thread;
    if (this.#resumed) throw new CheckpointError();
    this.#diverged();
    return view.baseChoice();
  }

  draw(): number {
    return 0;
  }

  ended(): void {
    if (this.#state === 'running') this.#state = 'ended';
  }

  observe(step: ExecutedStep): void {
    if (this.#tail) return;
    const reader = this.#reader;
    if (!step.scheduled) {
      reader.extend(step);
      if (reader.effective) this.#spins.clear(step.thread);
      return;
    }
    this.#settle();
    if (this.#tail || !this.#mayRecord(step.thread)) return;
    reader.start(step, this.#view!.pending[step.thread]!); // step 0 is a choice where there are two threads
    if (reader.effective) this.#spins.clear(step.thread);
    else this.#spins.note(step);
  }

  search(): SearchState {
    return {
      bound: null,
      limits: [...this.#limits],
      share: this.#state === 'done' ? 1 : this.#share(),
      cut: this.cut,
      redundant: this.redundant,
    };
  }

  /** Where the search stands, as plain data: to be called between executions. One that was cut off is run again. */
  save(): SavedSearch {
    if (this.#state === 'ended') this.#next();
    return {
      kind: 'exhaustive',
      done: this.#state === 'done',
      locations: this.#locations.save(),
      loops: this.#spins.save(),
      limits: [...this.#limits],
      cut: this.cut,
      redundant: this.redundant,
      common: this.#common,
      plan: [...this.#plan],
      expected: [...this.#expected],
      levels: this.#levels.slice(0, this.#plan.length + 1),
    };
  }

  /** Goes on from there, with a program of as many threads. */
  restore(saved: SavedSearch, threads: number): void {
    this.#start(threads);
    this.#locations.restore(saved.locations);
    this.#spins.restore(saved.loops);
    for (const limit of saved.limits) this.#limits.add(limit);
    this.cut = saved.cut;
    this.redundant = saved.redundant;
    this.#common = saved.common;
    this.#plan.push(...saved.plan);
    this.#expected.push(...saved.expected.map(known));
    // Without levels it had not begun.
    if (saved.levels.length > 0) this.#levels.length = 0;
    for (const { sleep, branches, done } of saved.levels)
      this.#levels.push({
        sleep: sleep.map(({ thread, footprint }) => ({ thread, footprint: known(footprint) })),
        branches: branches.map(knownBranch),
        done,
      });
    this.#resumed = saved.plan.length > 0;
    this.#state = saved.done ? 'done' : 'ready';
  }

  // --- while an execution runs ----------------------------------------------------------------------------------

  /** The reader's event is whole: the thread has announced its next step. */
  #settle(): void {
    const reader = this.#reader;
    if (!reader.open) return;
    reader.close();
    const depth = this.#depth;
    const { thread, footprint } = reader;
    const planned = depth < this.#plan.length;
    const known = depth < this.#common;
    if (planned) {
      const expected = this.#expected[depth]!;
      if (!sameFootprint(expected, footprint)) {
        const foretold = expected !== unknown && !reader.compound;
        if (this.#resumed && (known || foretold)) throw new CheckpointError();
        if (known) {
          this.#diverged();
          return;
        }
        if (foretold) {
          this.surprises++;
          this.#limits.add(changedItself);
        }
      }
    }
    this.#depth++;
    if (known && this.#resumed) this.#path.add(reader);
    if (this.#depth >= this.#plan.length) this.#resumed = false;
    if (!known) {
      this.#path.add(reader);
      this.#descend(depth, thread, footprint);
    }
    const view = this.#view!; // there was a choice before the first event
    if (view.looksOf(thread) > 0) this.#limits.add(clock);
    const repeats = this.#spins.repeats(thread, view);
    this.#repeats[thread] = repeats ? 1 : 0;
    if (repeats && this.#spins.isWaiting(thread, view.pending[thread]!.site)) this.#held[thread] = 1;
  }

  /** The level after a new event: those sleep on whom it does not concern. */
  #descend(depth: number, thread: number, footprint: Footprint): void {
    const { sleep } = this.#levels[depth]!;
    this.#levels[depth + 1] ??= { sleep: [], branches: [], done: 0 };
    const next = this.#levels[depth + 1]!; // just filled
    if (next.sleep.length > 0) next.sleep = [];
    for (const sleeper of sleep)
      if (sleeper.thread !== thread && !this.#locations.dependent(sleeper.footprint, footprint))
        next.sleep.push(sleeper);
    if (depth + 1 <= this.#plan.length - 1) return; // its branches come with the plan
    if (next.branches.length > 0) next.branches = [];
    next.done = 0;
  }

  /** Whether a step that the engine took belongs to what is searched. Steps that were no choice may not. */
  #mayRecord(thread: number): boolean {
    const depth = this.#depth;
    if (depth < this.#plan.length) {
      if (this.#plan[depth] !== thread) this.#diverged();
      return !this.#tail;
    }
    // The engine has performed the step already: a thread that went to sleep by it is no longer enabled.
    if (thread !== this.#probe) this.#checkProbe();
    if (this.#held[thread] === 1) this.#cutShort();
    else if (isAmong(this.#levels[this.#depth]!.sleep, thread)) this.#stopRedundant();
    return !this.#tail;
  }

  /** Where nothing is planned any order will do: the base order, so that the first schedules have few preemptions. */
  #extend(view: SchedulerView): number {
    this.#checkProbe();
    if (this.#probe !== -1) return this.#probe;
    const { sleep } = this.#levels[this.#depth]!;
    const base = view.baseChoice();
    let choice = -1;
    let isAnyAwake = false;
    for (let i = 0; i < view.count; i++) {
      const thread = view.enabled[i]!;
      if (this.#held[thread] === 1) continue;
      isAnyAwake = true;
      if (isAmong(sleep, thread)) continue;
      if (this.#repeats[thread] === 1) {
        this.#probe = thread;
        this.#probeStart = this.#depth;
        this.#probeSite = view.pending[thread]!.site;
        return thread;
      }
      if (thread === base || choice === -1) choice = thread;
      else if (choice !== base && isTimeOut(view, choice) && !isTimeOut(view, thread)) choice = thread;
    }
    if (choice !== -1) return choice;
    if (isAnyAwake) this.#stopRedundant();
    else this.#cutShort();
    return base;
  }

  #checkProbe(): void {
    const probe = this.#probe;
    if (probe === -1) return;
    // A round may sleep for a while.
    if (this.#repeats[probe] === 0 && !isTimeOut(this.#view!, probe)) this.#probe = -1;
    else if (!this.#view!.isEnabled(probe)) this.#hold(); // probing began at a choice
  }

  /** The probed thread waits by looking: its rounds are forgotten, and it takes no further part. */
  #hold(): void {
    this.#spins.learn(this.#probe, this.#probeSite);
    this.#held[this.#probe] = 1;
    this.#path.rewind(this.#probeStart);
    this.#depth = this.#probeStart;
    this.#probe = -1;
  }

  #cutShort(): void {
    this.cut++;
    this.#tail = true;
  }

  #stopRedundant(): void {
    this.redundant++;
    this.#tail = true;
  }

  #diverged(): void {
    this.#limits.add(changedItself);
    this.#tail = true;
  }

  // --- between executions ---------------------------------------------------------------------------------------

  #next(): void {
    this.#finish();
    this.#state = this.#advance() ? 'ready' : 'done';
  }

  /** The execution has ended: puts what its races need into the trees. */
  #finish(): void {
    const path = this.#path;
    const view = this.#view;
    if (view === undefined) return;
    this.#settle();
    if (
      this.#probe !== -1 &&
      this.#depth - this.#probeStart >= leastRounds &&
      this.#repeats[this.#probe] === 1
    )
      this.#hold();
    else if (!this.#tail && view.count > 0 && path.length > 0) this.#interrupted(view);
    let kept = 0;
    for (const race of path.races) {
      const { first, second, thread, footprint } = race;
      const sequence = this.#after(first, second);
      const print =
        second === -1
          ? footprint
          : reversed(
              path.detail(first),
              path.footprint[first]!,
              path.detail(second),
              footprint,
              this.#locations,
            );
      sequence.push(thread, print);
      this.#demand(first, sequence);
      if (second === -1 || !sameFootprint(print, footprint)) path.races[kept++] = race;
    }
    path.races.length = kept;
  }

  /** The last event ended the execution under the others: each of them may have come first. */
  #interrupted(view: SchedulerView): void {
    const last = this.#path.length - 1;
    for (let i = 0; i < view.count; i++) {
      const thread = view.enabled[i]!;
      if (thread === this.#path.thread[last] || this.#held[thread] === 1) continue;
      // It slept until then: that it might time out before is a race of its own.
      if (this.#path.footprint[last]!.includes(this.#locations.token(thread) * 2 + 1)) continue;
      this.#sequence.clear();
      this.#sequence.push(thread, unknown);
      this.#demand(last, this.#sequence);
    }
  }

  /** The events after `first` that do not depend on it, without `second`. */
  #after(first: number, second: number): Sequence {
    const path = this.#path;
    const sequence = this.#sequence;
    sequence.clear();
    for (let k = first + 1; k < path.length; k++)
      if (k !== second && !path.isBefore(first, k)) sequence.push(path.thread[k]!, path.footprint[k]!);
    return sequence;
  }

  /** `sequence` must be explored from the state before event `at`, unless that is covered. */
  #demand(at: number, sequence: Sequence): void {
    const { sleep, branches } = this.#levels[at]!;
    for (const sleeper of sleep)
      if (sequence.weakInitial(sleeper.thread, sleeper.footprint, this.#locations) !== -1) return;
    insert(branches, sequence, this.#locations);
  }

  /** Plans the next execution: the deepest branch that is left. False when there is none. */
  #advance(): boolean {
    const path = this.#path;
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const level = this.#levels[depth]!;
      const branch = level.branches.shift();
      if (branch === undefined) continue;
      level.sleep.push({ thread: path.thread[depth]!, footprint: path.footprint[depth]! });
      level.done++;
      this.#plan.length = depth;
      this.#expected.length = depth;
      for (let k = 0; k < depth; k++) {
        this.#plan[k] = path.thread[k]!;
        this.#expected[k] = path.footprint[k]!;
      }
      this.#common = depth;
      this.#follow(branch);
      return true;
    }
    return false;
  }

  /** Appends a branch to the plan, first children first; their siblings are left for later. */
  #follow(branch: Branch): void {
    for (let next: Branch | undefined = branch; next !== undefined; ) {
      this.#plan.push(next.thread);
      this.#expected.push(next.footprint);
      const depth = this.#plan.length;
      const [first, ...others]: Branch[] = next.children;
      this.#levels[depth] = { sleep: [], branches: others, done: 0 };
      next = first;
    }
  }

  /** How much of the tree is done, each branch of a state taken for as large as any other (Knuth 1975, along the current path). */
  #share(): number {
    let whole = 1;
    let share = 0;
    for (let depth = 0; depth < this.#path.length; depth++) {
      const { branches, done } = this.#levels[depth]!;
      const all = done + 1 + branches.length;
      share += (whole * done) / all;
      whole /= all;
    }
    return share;
  }
}

function isAmong(sleepers: readonly Sleeper[], thread: number): boolean {
  for (const sleeper of sleepers) if (sleeper.thread === thread) return true;
  return false;
}

function isTimeOut(view: SchedulerView, thread: number): boolean {
  return view.pending[thread]!.kind === TIMEOUT;
}
