/**
 * Partial order sampling (Yuan, Yang, Gu, CAV 2018). Every pending step has a random priority and the highest enabled one runs. What was
 * drawn says nothing once it has been used: after a step its thread draws anew for its next one, and so does every thread whose pending
 * step races with the step taken (one cell, at least one write). So independent steps keep their order among themselves, and
 * executions are drawn by partial order rather than by interleaving.
 *
 * Departures: none of weight. Steps that touch no cell (start, call) race with nothing. A thread that is asleep keeps its priority.
 *
 * Invariant: a priority is either not drawn (-1) or uniform in [0, 2^32) and not yet used in a race.
 */
import { race } from './pending.ts';
import { RandomSource } from './random-source.ts';
import { mostStrategyThreads, type SchedulerView, type Strategy } from './strategy.ts';

export function pos(seed: number): Strategy {
  const source = new RandomSource();
  const priority = new Float64Array(mostStrategyThreads);
  return {
    name: 'pos',
    begin(execution: number): boolean {
      source.seed(seed, execution);
      priority.fill(-1);
      return true;
    },
    choose(view: SchedulerView): number {
      const { enabled, count } = view;
      let best = -1;
      for (let i = 0; i < count; i++) {
        const t = enabled[i]!;
        if (priority[t] === -1) priority[t] = source.next();
        if (best === -1 || priority[t]! > priority[best]!) best = t;
      }
      priority[best] = -1;
      if (view.bufferOf(best) !== -1)
        for (let i = 0; i < count; i++) {
          const t = enabled[i]!;
          if (t !== best && race(view, best, t)) priority[t] = -1;
        }
      return best;
    },
    draw(bound: number): number {
      return source.below(bound);
    },
  };
}
