/**
 * Round robin: thread after thread, a fixed number of steps each. Execution e uses a quantum of e + 1 steps, so a run of n executions sees n
 * different, wholly regular schedules. Deterministic: the seed plays no part but for drawn numbers.
 */
import type { Turns } from '../schedule/turns.ts';
import { RandomSource } from './random-source.ts';
import type { SchedulerView, Strategy } from './strategy.ts';
import { TurnTaker } from './turns.ts';

export function roundRobin(seed: number): Strategy {
  const source = new RandomSource();
  const taker = new TurnTaker();
  let quantum = 1;
  return {
    name: 'round-robin',
    begin(execution: number): boolean {
      source.seed(seed, execution);
      quantum = execution + 1;
      taker.begin({ quantum });
      return true;
    },
    get turns(): Turns {
      return { from: 0, quantum };
    },
    choose(view: SchedulerView): number {
      return taker.choose(view);
    },
    draw(bound: number): number {
      return source.below(bound);
    },
  };
}
