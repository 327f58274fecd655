/**
 * Uniform random walk: each enabled thread is as likely as any other at every step. It has no bound on the chance of a bug, but it is
 * fair with probability 1 and, for shallow bugs in small programs, hard to beat (SCTBench, Thomson et al., PPoPP 2014).
 */
import { RandomSource } from './random-source.ts';
import type { SchedulerView, Strategy } from './strategy.ts';

export function random(seed: number): Strategy {
  const source = new RandomSource();
  return {
    name: 'random',
    begin(execution: number): boolean {
      source.seed(seed, execution);
      return true;
    },
    choose(view: SchedulerView): number {
      return view.enabled[source.below(view.count)]!;
    },
    draw(bound: number): number {
      return source.below(bound);
    },
  };
}
