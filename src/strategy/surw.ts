/**
 * Selectively uniform random walk (Zhao et al., Selectively Uniform Concurrency Testing, ASPLOS 2025). For each execution one subset of
 * interesting steps is chosen: those on one cell, a cell being as likely as it is busy. Only their order is sampled uniformly: an
 * intended thread, drawn with a probability proportional to the interesting steps that each thread has left, must take the
 * next of them. Whoever else comes to such a step is held back; all other steps are ordered by the base algorithm.
 *
 * Departures: the base algorithm is a random priority, drawn in every second execution for each thread once, else for each pending step
 * (the first finds more in long programs: 110 against 150 schedules on twostage_50; the second orders uninteresting steps freely). Numbers of steps are means over
 * all executions so far, rounded up, instead of one profiling run. Cells that no two threads share are never chosen. A held-back thread is
 * never blocked: when nobody else can go on, or after `patience` choices, the intention is drawn anew.
 *
 * Invariant: `choose` answers an enabled thread whatever the counts say; a thread with a pending interesting step weighs at least 1.
 */
import type { ExecutedStep } from '../instrument/executed-step.ts';
import { mix } from './pending.ts';
import { RandomSource } from './random-source.ts';
import { mostStrategyThreads, type SchedulerView, type Strategy } from './strategy.ts';

/** Choices without an interesting step after which the intended thread is taken to wait for somebody who is held back. */
const patience = 256;
/** Cells that are told apart; in programs with more the rest is never interesting. */
const mostCells = 1024;

interface Cell {
  readonly key: number;
  /** Steps of each thread on it, over all executions. */
  readonly taken: Float64Array;
  total: number;
  sharers: number;
}

export function surw(seed: number): Strategy {
  const source = new RandomSource();
  const priority = new Float64Array(mostStrategyThreads);
  const left = new Int32Array(mostStrategyThreads);
  const cells = new Map<number, Cell>();
  let executions = 0;
  let threads = 0;
  let interesting = -1;
  let intended = -1;
  let waited = 0;
  let drawnOnce = false;
  const isInteresting = (view: SchedulerView, t: number): boolean => {
    const buffer = view.bufferOf(t);
    return buffer !== -1 && mix(buffer, view.offsetOf(t)) === interesting;
  };
  /** A thread that has interesting steps left, and may get to them. */
  const intend = (view: SchedulerView): number => {
    let total = 0;
    for (let i = 0; i < view.count; i++) total += weight(view, view.enabled[i]!);
    if (total === 0) return -1;
    let at = source.below(total);
    for (let i = 0; ; i++) {
      const t = view.enabled[i]!; // the weights sum up to more than `at`
      at -= weight(view, t);
      if (at < 0) return t;
    }
  };
  const weight = (view: SchedulerView, t: number): number =>
    Math.max(left[t]!, isInteresting(view, t) ? 1 : 0);
  const chooseCell = (): number => {
    let total = 0;
    for (const cell of cells.values()) if (cell.sharers > 1) total += cell.total;
    let at = (source.next() / 4294967296) * total;
    for (const cell of cells.values()) {
      if (cell.sharers < 2) continue;
      at -= cell.total;
      if (at >= 0) continue;
      for (let t = 0; t < threads; t++) left[t] = Math.ceil(cell.taken[t]! / executions);
      return cell.key;
    }
    return -1;
  };
  return {
    name: 'surw',
    begin(execution: number, count: number): boolean {
      source.seed(seed, execution);
      priority.fill(-1);
      drawnOnce = source.below(2) === 0;
      left.fill(0);
      threads = count;
      interesting = execution === 0 ? -1 : chooseCell();
      executions = execution + 1;
      intended = -1;
      waited = 0;
      return true;
    },
    choose(view: SchedulerView): number {
      const { enabled, count } = view;
      if (interesting !== -1 && (intended === -1 || ++waited > patience || !view.isEnabled(intended))) {
        intended = intend(view);
        waited = 0;
      }
      let best = -1;
      let heldBack = -1;
      for (let i = 0; i < count; i++) {
        const t = enabled[i]!;
        if (priority[t] === -1) priority[t] = source.next();
        if (interesting !== -1 && t !== intended && isInteresting(view, t)) {
          if (heldBack === -1 || priority[t]! > priority[heldBack]!) heldBack = t;
        } else if (best === -1 || priority[t]! > priority[best]!) best = t;
      }
      if (best === -1) best = heldBack;
      if (!drawnOnce) priority[best] = -1;
      return best;
    },
    draw(bound: number): number {
      return source.below(bound);
    },
    observe({ thread, buffer, byteOffset }: ExecutedStep): void {
      if (buffer === -1) return;
      const key = mix(buffer, byteOffset);
      if (key === interesting) {
        left[thread]!--;
        intended = -1;
      }
      let cell = cells.get(key);
      if (cell === undefined) {
        if (cells.size >= mostCells) return;
        cell = { key, taken: new Float64Array(mostStrategyThreads), total: 0, sharers: 0 };
        cells.set(key, cell);
      }
      if (cell.taken[thread] === 0) cell.sharers++;
      cell.taken[thread]!++;
      cell.total++;
    },
  };
}
