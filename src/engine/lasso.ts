/**
 * Finds that an execution goes round: at the end of its step budget the last steps are one round, again and again. Threads that change words meanwhile go
 * round; the others that have not ended get nowhere. It only follows the last steps of a budget, so what ends within it pays nothing.
 *
 * A round is compared by (thread, kind, place, cell, whether it changed the cell), and by what was read there, too, where nobody is starved: counters that only
 * grow are progress. The state of a thread between its steps cannot be seen: a loop that is only long looks the same, and the message says so.
 */
import type { ExecutedStep, StepObserver } from '../instrument/executed-step.ts';
import { CALL, NOTIFY, STORE } from '../instrument/step.ts';
import { mix } from '../strategy/pending.ts';
import type { Outcome, Stuck } from './outcome.ts';

/** Steps that are followed; a round is at most a quarter of them. */
export const lassoSteps = 4_096;

/** How a thread that has not ended stands at the end. */
export interface Standing {
  readonly thread: number;
  /** It could take a step, or was set aside as spinning. */
  readonly awake: boolean;
  /** The place of its pending step, as people are shown it. */
  readonly place: string;
}

export class Lasso implements StepObserver {
  readonly #rounds = new Int32Array(lassoSteps);
  readonly #values = new Int32Array(lassoSteps);
  readonly #threads = new Uint8Array(lassoSteps);
  readonly #cells = new Int32Array(lassoSteps);
  readonly #changes = new Uint8Array(lassoSteps);
  #count = 0;

  begin(): void {
    this.#count = 0;
  }

  observe(step: ExecutedStep): void {
    const { kind, result, buffer } = step;
    const i = this.#count++ % lassoSteps;
    const changed = step.changed && kind < NOTIFY && (kind !== STORE || result !== step.previous);
    const cell = buffer === -1 ? 0 : mix(buffer, step.byteOffset);
    const shape = kind * 8 + (changed ? 4 : 0) + (step.slept ? 2 : 0) + (step.woke.length > 0 ? 1 : 0);
    this.#rounds[i] = mix(mix(step.thread, shape), mix(step.site, cell));
    this.#values[i] = typeof result === 'string' ? result.length : Number(result);
    this.#threads[i] = step.thread;
    this.#cells[i] = cell;
    // The call of an operation gets somewhere, as a write does.
    this.#changes[i] = changed || kind === CALL ? 1 : 0;
  }

  /** What kind of going round it is; undefined where it is none, or where somebody who could go on did not get his turn. */
  outcome(left: readonly Standing[]): Outcome | undefined {
    if (this.#count < lassoSteps) return undefined;
    const period = this.#period(this.#rounds);
    if (period === undefined) return undefined;
    const from = lassoSteps - period;
    const turns = new Set<number>();
    const getting = new Set<number>();
    for (let i = from; i < lassoSteps; i++) {
      const at = this.#at(i);
      turns.add(this.#threads[at]!);
      if (this.#changes[at] === 1) getting.add(this.#threads[at]!);
    }
    if (turns.size < 2 || !left.every(({ thread, awake }) => !awake || turns.has(thread))) return undefined;
    if (!this.#meet(from)) return undefined;
    const starved = left.filter(({ thread }) => !getting.has(thread));
    if (starved.length === 0 && this.#period(this.#values) === undefined) return undefined;
    return said(
      period,
      [...getting].sort((a, b) => a - b),
      starved,
      left,
    );
  }

  /** Where the i-th of the steps that are kept lies, the oldest first. */
  #at(i: number): number {
    return (this.#count + i) % lassoSteps;
  }

  #period(of: Int32Array): number | undefined {
    for (let period = 1; period <= lassoSteps / 4; period++) {
      let i = period;
      while (i < lassoSteps && of[this.#at(i)] === of[this.#at(i - period)]) i++;
      if (i === lassoSteps) return period;
    }
    return undefined;
  }

  /** Whether a cell that one thread changes in the round is touched by another: else each is about its own business, and the round means nothing. */
  #meet(from: number): boolean {
    const changers = new Map<number, number>();
    for (let i = from; i < lassoSteps; i++) {
      const at = this.#at(i);
      if (this.#changes[at] === 1 && this.#cells[at] !== 0)
        changers.set(this.#cells[at]!, this.#threads[at]!);
    }
    for (let i = from; i < lassoSteps; i++) {
      const at = this.#at(i);
      const changer = changers.get(this.#cells[at]!);
      if (changer !== undefined && changer !== this.#threads[at]) return true;
    }
    return false;
  }
}

function said(
  period: number,
  going: readonly number[],
  starved: readonly Standing[],
  left: readonly Standing[],
): Outcome {
  const kind = starved.length > 0 ? 'starvation' : 'livelock';
  const names = (threads: readonly number[]): string => threads.map((t) => `T${t}`).join(', ');
  const stands = ({ thread, awake, place }: Standing): string =>
    `T${thread} ${awake ? 'tries' : 'sleeps'}${place}`;
  const round = `the last ${lassoSteps} steps are one round of ${period} steps, again and again, in which everybody who can go on has his turn`;
  const what =
    kind === 'livelock'
      ? `${names(going)} write, and get nowhere (${left.map(stands).join(', ')})`
      : `${names(going)} go on, while ${starved.map(stands).join(', ')} and ${starved.length === 1 ? 'gets' : 'get'} nowhere`;
  const stuck: Stuck = {
    kind,
    threads: kind === 'livelock' ? going : starved.map(({ thread }) => thread),
    steps: [],
    message: `${kind}: ${what}: ${round}. If the program is only long, give it more steps (maxSteps, --max-steps)`,
  };
  return { kind: 'livelocked', message: stuck.message, stuck };
}
