/** Taking turns: thread after thread, a fixed number of steps each. A thread that goes to sleep loses the rest of its turn; its time-out may fire in the next. */
import { TIMEOUT } from '../instrument/step.ts';
import type { Turns } from '../schedule/turns.ts';
import type { SchedulerView } from './strategy.ts';

export class TurnTaker {
  readonly name = 'turns';
  #quantum = 1;
  #left = 0;

  begin({ quantum }: Pick<Turns, 'quantum'>): void {
    this.#quantum = quantum;
    this.#left = 0;
  }

  choose(view: SchedulerView): number {
    const { current } = view;
    if (
      this.#left > 0 &&
      current !== -1 &&
      view.isEnabled(current) &&
      view.pending[current]!.kind !== TIMEOUT
    ) {
      this.#left--;
      return current;
    }
    this.#left = this.#quantum - 1;
    for (let i = 0; i < view.count; i++) if (view.enabled[i]! > current) return view.enabled[i]!;
    return view.enabled[0]!;
  }
}
