/**
 * Replay: repeats the choices of a schedule. A program that has changed since shows as a divergence at the first step where that can be
 * seen, never as a different failure.
 */
import type { Schedule } from '../schedule/codec.ts';
import type { SchedulerView, Strategy } from './strategy.ts';

export interface Replay extends Strategy {
  /** Where the execution left the schedule; undefined while it has not. */
  readonly divergence: string | undefined;
  /** To be called after the execution with its length and fingerprint. */
  finish(steps: number, fingerprint: number): void;
}

/** @param until steps after which a schedule that ends in turns is over: its own, or one more to see a program go on. */
export function replay(schedule: Schedule, until: number = schedule.steps): Replay {
  const { deviations, turns } = schedule;
  let next = 0;
  let divergence: string | undefined;
  const diverge = (text: string): void => {
    divergence ??= text;
  };
  return {
    name: 'replay',
    turns: turns === undefined ? undefined : { ...turns, until },
    get divergence(): string | undefined {
      return divergence;
    },
    begin(execution: number, threads: number): boolean {
      next = 0;
      divergence = undefined;
      if (threads !== schedule.threads)
        diverge(`the schedule is of ${schedule.threads} threads, the program has ${threads}`);
      return execution === 0;
    },
    choose(view: SchedulerView): number {
      const deviation = deviations[next];
      if (deviation === undefined || divergence !== undefined || view.steps < deviation.at)
        return view.baseChoice();
      const since = next === 0 ? 0 : deviations[next - 1]!.at;
      if (view.steps > deviation.at)
        diverge(
          `at step ${deviation.at} the schedule switches to T${deviation.thread}, but only one thread could go on there`,
        );
      else if ((view.fingerprint & 1023) !== deviation.check)
        diverge(
          `between steps ${since} and ${deviation.at} the program took other steps than the schedule was made with`,
        );
      else if (!view.isEnabled(deviation.thread))
        diverge(
          `at step ${deviation.at} the schedule switches to T${deviation.thread}, which cannot go on there`,
        );
      if (divergence !== undefined) return view.baseChoice();
      next++;
      return deviation.thread;
    },
    /** The base order up to the next deviation. */
    ahead(view: SchedulerView): number {
      const deviation = divergence === undefined ? deviations[next] : undefined;
      return deviation === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, deviation.at - view.steps);
    },
    draw(): number {
      return 0;
    },
    finish(steps: number, fingerprint: number): void {
      const last = deviations.at(-1)?.at ?? 0;
      if (next < deviations.length)
        diverge(
          `the execution ended after ${steps} steps, before the switch at step ${deviations[next]!.at}`,
        );
      else if (steps !== schedule.steps)
        diverge(
          `after step ${last} the program took other steps: ${steps} in all, the schedule was made with ${schedule.steps}`,
        );
      else if (fingerprint !== schedule.fingerprint)
        diverge(`after step ${last} the program took other steps than the schedule was made with`);
    },
  };
}
