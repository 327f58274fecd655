/**
 * A portfolio: several strategies take turns, and those that show more new behaviour for their cost get more turns. No single strategy wins
 * everywhere (SCTBench, Thomson et al., PPoPP 2014; RFF and SURW fail on different programs), and which one fits is not known beforehand.
 *
 * Who runs next is drawn. Half of the chance is fixed (`share`), so that no strategy is given up for a program on which it is merely slow to
 * show anything new; the other half is in proportion to share times yield, the yield of a strategy being its new behaviours over the cost of
 * its latest executions (exponentially faded). Multi-armed bandits with a floor: our own proposal, no paper.
 *
 * Cost is counted steps times a fixed price of a step of that strategy, never time: a seed gives the same run on every machine. Where
 * nobody counts behaviours all yields are equal and the shares decide.
 *
 * Invariant: an execution depends on the seed and on the behaviours seen before it, on nothing else.
 */
import type { ExecutedStep } from '../instrument/executed-step.ts';
import { fair } from './fair.ts';
import { pct } from './pct.ts';
import { pos } from './pos.ts';
import { random } from './random.ts';
import { RandomSource } from './random-source.ts';
import { rff } from './rff.ts';
import { roundRobin } from './round-robin.ts';
import type { SchedulerView, Strategy } from './strategy.ts';
import { surw } from './surw.ts';
import { urw } from './urw.ts';

export interface Member {
  readonly strategy: Strategy;
  /** Part of all turns, above 0: shares are taken relative to their sum. */
  readonly share: number;
  /** CPU time of a step of it, relative to one of `random`. */
  readonly price: number;
}

interface Arm extends Member {
  executions: number;
  /** New behaviours and cost of the latest executions, faded. */
  gained: number;
  spent: number;
}

/** What an execution still counts when the strategy has its next: the last hundred or so matter. */
const fade = 0.99;

/** Members by default, the plainest first: a program without surprises is looked at plainly. Prices: measured on the programs of `bench explore`. */
function members(seed: number): readonly Member[] {
  const of = (n: number): number => (seed ^ Math.imul(n, 0x9e3779b1)) | 0;
  return [
    { strategy: random(of(1)), share: 0.13, price: 1 },
    { strategy: surw(of(2)), share: 0.28, price: 1.7 },
    { strategy: rff(of(3)), share: 0.25, price: 2.4 },
    { strategy: pos(of(4)), share: 0.12, price: 1.2 },
    { strategy: fair(pct(of(5), 3), of(5)), share: 0.07, price: 1 },
    { strategy: fair(pct(of(6), 2), of(6)), share: 0.05, price: 1 },
    { strategy: fair(pct(of(7), 5), of(7)), share: 0.05, price: 1 },
    { strategy: urw(of(8)), share: 0.05, price: 1.2 },
    // Regular, as chance never is: what goes round under it shows in its first executions.
    { strategy: roundRobin(of(9)), share: 0.03, price: 1 },
  ];
}

export function portfolio(seed: number, list: readonly Member[] = members(seed)): Strategy {
  const source = new RandomSource();
  const arms = list.map((member): Arm => ({ ...member, executions: 0, gained: 0, spent: 0 }));
  let arm = arms[0]!; // a portfolio has members
  return {
    name: 'portfolio',
    begin(execution: number, threads: number): boolean {
      source.seed(seed ^ 0x706f7274, execution);
      arm = drawArm(arms, source);
      return arm.strategy.begin(arm.executions++, threads);
    },
    choose(view: SchedulerView): number {
      return arm.strategy.choose(view);
    },
    draw(bound: number): number {
      return arm.strategy.draw(bound);
    },
    get observe(): ((step: ExecutedStep) => void) | undefined {
      return arm.strategy.observe;
    },
    get turns(): Strategy['turns'] {
      return arm.strategy.turns;
    },
    ended(steps: number, isNew: boolean): void {
      arm.gained = arm.gained * fade + (isNew ? 1 : 0);
      arm.spent = arm.spent * fade + steps * arm.price;
      arm.strategy.ended?.(steps, isNew);
    },
    guarantee(): string | undefined {
      for (const { strategy, executions } of arms) {
        const text = executions > 0 ? strategy.guarantee?.(executions) : undefined;
        if (text !== undefined) return text;
      }
      return undefined;
    },
  };
}

/** Whose turn it is: those that had none first, in their order. */
function drawArm(arms: readonly Arm[], source: RandomSource): Arm {
  let shares = 0;
  let yields = 0;
  for (const arm of arms) {
    if (arm.executions === 0) return arm;
    shares += arm.share;
    yields += arm.share * yieldOf(arm);
  }
  let at = source.next() / 4294967296;
  for (const arm of arms) {
    at -= (arm.share / shares + (arm.share * yieldOf(arm)) / yields) / 2;
    if (at < 0) return arm;
  }
  return arms.at(-1)!; // rounding may leave a rest
}

/** New behaviours for the cost. One more is taken to have been seen, so that nobody is at 0. */
function yieldOf({ gained, spent }: Arm): number {
  return spent === 0 ? 1 : (gained + 1) / spent;
}
