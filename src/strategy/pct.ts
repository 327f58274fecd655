/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010). Threads get random priorities; the
 * highest enabled one runs; at d - 1 random steps the running thread falls below all others. A bug of depth d in a program of n threads
 * and k steps is met with probability at least 1 / (n k^(d-1)) in each execution.
 *
 * Departures: k is learnt (the most steps with a choice seen so far, as in Shuttle and Fray), and only such steps
 * are counted. Fairness comes from the engine, which sets a spinning thread aside until somebody writes.
 */
import { RandomSource } from './random-source.ts';
import type { SchedulerView, Strategy } from './strategy.ts';

export function pct(seed: number, depth = 3): Strategy {
  if (!Number.isInteger(depth) || depth < 1)
    throw new RangeError(`PCT depth ${depth}: give a whole number from 1`);
  const source = new RandomSource();
  /** Higher runs first. Initial ones are depth..depth+n-1, those given at change points 0..depth-2. */
  const priority = new Int32Array(256);
  const changes = new Int32Array(depth);
  let longest = 1;
  let step = 0;
  let threads = 0;
  return {
    name: `pct(${depth})`,
    begin(execution: number, count: number): boolean {
      longest = Math.max(longest, step);
      step = 0;
      threads = count;
      source.seed(seed, execution);
      for (let i = 0; i < count; i++) priority[i] = depth + i;
      for (let i = count - 1; i > 0; i--) {
        const j = source.below(i + 1);
        const swap = priority[i]!;
        priority[i] = priority[j]!;
        priority[j] = swap;
      }
      for (let i = 0; i < depth - 1; i++) changes[i] = 1 + source.below(longest);
      return true;
    },
    choose(view: SchedulerView): number {
      step++;
      let best = highest(view, priority);
      for (let i = 0; i < depth - 1; i++) {
        if (changes[i] === step) {
          priority[best] = i;
          best = highest(view, priority);
        }
      }
      return best;
    },
    draw(bound: number): number {
      return source.below(bound);
    },
    guarantee(executions: number): string | undefined {
      if (threads === 0) return undefined;
      const k = Math.max(longest, step);
      const p = 1 / (threads * k ** (depth - 1));
      const missed = Math.exp(executions * Math.log1p(-p));
      return `PCT: n=${threads} threads, k=${k} steps in the longest execution, d=${depth}: a bug of depth ${depth} is met with p >= 1/${Math.round(1 / p)} an execution; ${executions} executions give >= ${((1 - missed) * 100).toFixed(1)} %`;
    },
  };
}

function highest(view: SchedulerView, priority: Int32Array): number {
  let best = view.enabled[0]!;
  for (let i = 1; i < view.count; i++) {
    const thread = view.enabled[i]!;
    if (priority[thread]! > priority[best]!) best = thread;
  }
  return best;
}
