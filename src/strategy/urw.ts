/**
 * Uniform random walk over interleavings (URW, the base of Zhao et al., Selectively Uniform Concurrency Testing, ASPLOS 2025). A thread is
 * chosen with a probability proportional to the number of steps that it has left. With exact numbers and without blocking every interleaving
 * is equally likely, where a plain random walk prefers those in which long threads come late.
 *
 * Departures: the numbers are means over all executions so far, not counts of one profiling run (the first execution is a plain random
 * walk); threads are numbered alike in every execution, so no structural signature is needed.
 *
 * Invariant: the weight of a thread that can go on is at least 1, so that wrong numbers cannot keep it from running.
 */
import type { ExecutedStep } from '../instrument/executed-step.ts';
import { RandomSource } from './random-source.ts';
import { mostStrategyThreads, type SchedulerView, type Strategy } from './strategy.ts';

export function urw(seed: number): Strategy {
  const source = new RandomSource();
  const left = new Int32Array(mostStrategyThreads);
  const taken = new Int32Array(mostStrategyThreads);
  /** Steps of each thread over all executions before this one, and how many those were. */
  const sum = new Float64Array(mostStrategyThreads);
  let profiled = 0;
  return {
    name: 'urw',
    begin(execution: number, threads: number): boolean {
      source.seed(seed, execution);
      if (taken.some((steps) => steps > 0)) profiled++;
      for (let t = 0; t < threads; t++) {
        sum[t] = sum[t]! + taken[t]!;
        taken[t] = 0;
        left[t] = profiled === 0 ? 0 : Math.round(sum[t]! / profiled);
      }
      return true;
    },
    choose(view: SchedulerView): number {
      const { enabled, count } = view;
      let total = 0;
      for (let i = 0; i < count; i++) total += Math.max(1, left[enabled[i]!]!);
      let at = source.below(total);
      let i = 0;
      for (at -= Math.max(1, left[enabled[0]!]!); at >= 0; at -= Math.max(1, left[enabled[i]!]!)) i++;
      return enabled[i]!;
    },
    draw(bound: number): number {
      return source.below(bound);
    },
    observe({ thread, scheduled }: ExecutedStep): void {
      if (!scheduled) return;
      taken[thread]!++;
      left[thread]!--;
    },
  };
}
