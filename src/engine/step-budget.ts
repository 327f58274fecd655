/**
 * The steps that an execution may take, and its fair end. Where a strategy's steps run out, the threads take turns for some more, in which nobody is
 * kept from going on: whoever goes round there goes round for ever (fair stateless model checking, Musuvathi and Qadeer, PLDI 2008). What goes
 * round must go on to do so for long, so that a loop that is only long is none.
 */
import type { Turns } from '../schedule/turns.ts';
import type { Strategy } from '../strategy/strategy.ts';
import { TurnTaker } from '../strategy/turns.ts';
import { Lasso, lassoSteps, type Standing } from './lasso.ts';
import type { Outcome } from './outcome.ts';

/** Turns after the budget: for what comes before the round, and for as many steps as are compared. */
export const fairSteps: number = 2 * lassoSteps;
/** Further steps in which a round must go on. */
const confirmingSteps = 16 * lassoSteps;
/** So many fair ends that showed nothing, and only one in as many is tried: each costs two fifths of the execution before it. */
const fruitless = 8;

/** How an execution ended: where it went round, at the step where that was first seen. */
export interface Spent {
  readonly outcome: Outcome;
  readonly steps: number;
  readonly fingerprint: number;
}

export class StepBudget {
  readonly maxSteps: number;
  /** The step at which something is due. */
  due = 0;
  /** From where on threads take turns. */
  turns: Turns | undefined;
  /** Whether they do so by now. */
  turning = false;
  readonly taker: TurnTaker = new TurnTaker();
  end = 0;
  /** What there was of both when turns began. */
  deviations = 0;
  preemptions = 0;
  /** Made when it is first needed. */
  #lasso: Lasso | undefined;
  /** From where on rounds are looked for. */
  #watchFrom = 0;
  /** Seen, and confirmed when it is seen again. */
  #round: Spent | undefined;
  readonly #hasFairEnd: boolean;
  /** Until when turns are taken is given: a schedule that is repeated, or made smaller. */
  #isGiven = false;
  #mayGoOn = false;
  #inVain = 0;
  #left = 0;

  constructor(maxSteps: number, hasFairEnd: boolean) {
    this.maxSteps = maxSteps;
    this.#hasFairEnd = hasFairEnd && maxSteps >= 2 * lassoSteps;
  }

  begin({ turns, search }: Strategy): void {
    const until = turns?.until;
    this.turns = turns;
    this.turning = false;
    this.#round = undefined;
    this.#isGiven = until !== undefined;
    this.#mayGoOn = this.#hasFairEnd && until === undefined && search === undefined;
    this.end = until ?? this.maxSteps;
    const isLong = until === undefined ? this.end >= 2 * lassoSteps : until - turns!.from >= lassoSteps;
    const isWatched = isLong && (turns !== undefined || !this.#mayGoOn);
    this.#watchFrom = isWatched ? this.end - lassoSteps : Number.POSITIVE_INFINITY;
    this.#next(-1);
  }

  /** Turns begin at this step, rounds are looked for from it on, or it is nothing. */
  reach(steps: number, deviations: number, preemptions: number): Lasso | undefined {
    if (!this.turning && this.turns !== undefined && steps >= this.turns.from) {
      this.turning = true;
      this.taker.begin(this.turns);
      this.deviations = deviations;
      this.preemptions = preemptions;
    }
    this.#next(steps);
    if (steps !== this.#watchFrom) return undefined;
    this.#lasso ??= new Lasso();
    this.#lasso.begin();
    return this.#lasso;
  }

  #next(steps: number): void {
    let due = this.end;
    if (this.#watchFrom > steps && this.#watchFrom < due) due = this.#watchFrom;
    if (!this.turning && this.turns !== undefined && this.turns.from < due) due = this.turns.from;
    this.due = due;
  }

  /** The steps are spent. Undefined where the execution is let go on: fairly, or to see that it goes round for long. */
  spend(steps: number, fingerprint: number, left: () => readonly Standing[]): Spent | undefined {
    if (this.#takesTurns(steps)) return undefined;
    const isWatched = steps > this.#watchFrom;
    const outcome = isWatched ? this.#lasso?.outcome(left()) : undefined;
    if (outcome === undefined) {
      if (steps > this.maxSteps && !this.#isGiven) this.#inVain++;
      const message = `the budget of ${this.maxSteps} steps for one execution ran out`;
      return { outcome: { kind: 'exhausted', message }, steps, fingerprint };
    }
    const round = { outcome, steps, fingerprint };
    if (!this.#mayGoOn) return round;
    // It does go on: what it did to show that is no part of it.
    if (this.#round !== undefined) return this.#round;
    this.#round = round;
    this.end = steps + confirmingSteps;
    return undefined;
  }

  /** Whether the threads take turns from here on. */
  #takesTurns(steps: number): boolean {
    if (!this.#mayGoOn || this.turning) return false;
    if (this.#inVain >= fruitless && this.#left++ % fruitless !== 0) return false;
    this.turns = { from: steps, quantum: 1 };
    this.end = steps + fairSteps;
    this.#watchFrom = this.end - lassoSteps;
    return true;
  }

  /** The turns that a schedule of this execution tells of. Undefined where its deviations say it all. */
  told(outcome: Outcome, steps: number): Turns | undefined {
    if (!this.turning || this.turns === undefined) return undefined;
    const goesRound = outcome.kind === 'livelocked' && outcome.stuck !== undefined;
    if (!goesRound && !this.#isGiven && steps <= this.maxSteps) return undefined;
    const { from, quantum } = this.turns;
    return { from, quantum };
  }
}
