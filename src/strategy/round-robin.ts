/**
 * Round robin: thread after thread, a fixed number of steps each. Execution e uses a quantum of e + 1 steps, so a run of n executions sees n
 * different, wholly regular schedules. A thread that goes to sleep loses the rest of its turn; its time-out may fire in the next. Deterministic: the seed plays no part but for drawn numbers.
 */
import { TIMEOUT } from '../instrument/step.ts';
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
      const { current } = view;
      if (left > 0 && current !== -1 && view.isEnabled(current) && view.pending[current]!.kind !== TIMEOUT) {
        left--;
        return current;
      }
      left = quantum - 1;
      for (let i = 0; i < view.count; i++) if (view.enabled[i]! > current) return view.enabled[i]!;
      return view.enabled[0]!;
    },
    draw(bound: number): number {
      return source.below(bound);
    },
  };
}
