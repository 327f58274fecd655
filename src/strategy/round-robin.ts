/**
 * Round robin: thread after thread, a fixed number of steps each. Execution e uses a quantum of e + 1 steps, so a run of n executions sees n
 * different, wholly regular schedules. Deterministic: the seed plays no part but for drawn numbers.
 */
import { RandomSource } from './random-source.ts';
import type { SchedulerView, Strategy } from './strategy.ts';

export function roundRobin(seed: number): Strategy {
  const source = new RandomSource();
  let quantum = 1;
  let left = 0;
  return {
    name: 'round-robin',
    begin(execution: number): boolean {
      source.seed(seed, execution);
      quantum = execution + 1;
      left = quantum;
      return true;
    },
    choose(view: SchedulerView): number {
      if (left > 0 && view.current !== -1 && view.isEnabled(view.current)) {
        left--;
        return view.current;
      }
      left = quantum - 1;
      for (let i = 0; i < view.count; i++) if (view.enabled[i]! > view.current) return view.enabled[i]!;
      return view.enabled[0]!;
    },
    draw(bound: number): number {
      return source.below(bound);
    },
  };
}
