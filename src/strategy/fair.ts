/**
 * Makes a strategy fair: after a number of choices in one execution a uniform random walk goes on in its place, so loops that wait for another thread
 * end whatever the strategy prefers (the fair bound of JMC's PCT and of Coyote). The engine sets aside threads that only read; this
 * is for those that write while they wait (a counter of attempts, a lock that is tried by exchange).
 *
 * What the strategy guarantees it guarantees for bugs within that many choices.
 */
import { RandomSource } from './random-source.ts';
import type { SchedulerView, Strategy } from './strategy.ts';

/** Choices before an execution is left to chance: beyond what programs of a few threads take, far below the step budget. */
export const fairAfter = 2_000;

export function fair(strategy: Strategy, seed: number, after: number = fairAfter): Strategy {
  const source = new RandomSource();
  let choices = 0;
  return {
    ...strategy,
    name: `fair-${strategy.name}`,
    begin(execution: number, threads: number): boolean {
      choices = 0;
      source.seed(seed ^ 0x66616972, execution);
      return strategy.begin(execution, threads);
    },
    choose(view: SchedulerView): number {
      if (++choices <= after) return strategy.choose(view);
      return view.enabled[source.below(view.count)]!;
    },
  };
}
