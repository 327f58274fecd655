/**
 * Follows a list of segments over the base order: the strategy behind the schedules that fast-check generates (src/schedule/segments.ts says
 * what a segment means).
 */
import { TIMEOUT } from '../instrument/step.ts';
import type { Segment } from '../schedule/segments.ts';
import type { SchedulerView, Strategy } from './strategy.ts';

/** Runs the schedule that a list of segments describes. */
export function followSegments(list: readonly Segment[]): Strategy {
  let next = 0;
  let left = 0;
  let thread = -1;
  return {
    name: 'segments',
    begin(): boolean {
      next = 0;
      left = 0;
      return true;
    },
    choose(view: SchedulerView): number {
      // A thread in a timed wait has blocked: firing its time-out takes a segment of its own.
      if (
        left > 0 &&
        view.current === thread &&
        view.isEnabled(thread) &&
        view.pending[thread]!.kind !== TIMEOUT
      ) {
        left--;
        return thread;
      }
      while (next < list.length) {
        const [t, steps] = list[next++]!;
        thread = t % view.threads;
        if (view.isEnabled(thread)) {
          left = steps - 1;
          return thread;
        }
      }
      left = 0;
      return view.baseChoice();
    },
    draw(): number {
      return 0;
    },
  };
}
