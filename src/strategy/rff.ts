/**
 * Reads-from guided exploration (Wolff, Shi, Duck, Mathur, Roychoudhury, Greybox Fuzzing for Concurrency Testing, ASPLOS 2024). An abstract
 * schedule is a set of constraints "this read reads (or does not read) from that write", where reads and writes are
 * static: a site in the author's file with a cell. Abstract schedules that showed a new pair, or a new set of pairs, are kept and mutated.
 * An execution enforces its constraints over partial order sampling by bands of priority, so that a constraint that cannot be met costs nothing:
 *
 *   reads w -> r      before w: r is held back, w preferred; after w: r preferred, other writes to the cell held back; then it is met
 *   not w -> r        while w wrote the cell last: r is held back, other writes preferred; else r preferred, w held back
 *
 * Departures: the initial value of a cell is a write of its own, so "before anybody wrote" can be asked for; pairs that are possible but were
 * never seen are proposed as often as seen ones (the artifact scores observed ones); the corpus is walked by least use first
 * instead of AFLFast's energies.
 *
 * Invariant: held-back threads run when nobody else can, so enforcing never blocks; after `fairAfter` choices nothing is enforced.
 */
import type { ExecutedStep } from '../instrument/executed-step.ts';
import { CALL, COMPARE_EXCHANGE, NOTIFY, STORE } from '../instrument/step.ts';
import { fairAfter } from './fair.ts';
import { mix, race } from './pending.ts';
import { RandomSource } from './random-source.ts';
import { type Constraint, ReadsFrom } from './reads-from.ts';
import { mostStrategyThreads, type SchedulerView, type Strategy } from './strategy.ts';

const heldBack = 0;
const neutral = 1;
const preferred = 2;

export function rff(seed: number): Strategy {
  const source = new RandomSource();
  const priority = new Float64Array(mostStrategyThreads);
  const learnt = new ReadsFrom();
  let constraints: Constraint[] = [];
  let choices = 0;
  const band = (view: SchedulerView, t: number): number => {
    const buffer = view.bufferOf(t);
    if (buffer === -1) return neutral;
    const cell = mix(buffer, view.offsetOf(t));
    let result = neutral;
    for (const constraint of constraints) {
      if (constraint.cell !== cell) continue;
      const { kind, site } = view.pending[t]!;
      const operation = mix(site, cell);
      const b = constraint.positive
        ? bandOfPositive(constraint, operation, kind)
        : bandOfNegative(constraint, operation, kind, learnt.lastWriter(cell));
      if (b === heldBack) return heldBack;
      if (b === preferred) result = preferred;
    }
    return result;
  };
  return {
    name: 'rff',
    begin(execution: number, _threads: number): boolean {
      source.seed(seed, execution);
      if (execution > 0) learnt.finish();
      constraints = learnt.next(source);
      priority.fill(-1);
      choices = 0;
      return true;
    },
    choose(view: SchedulerView): number {
      const { enabled, count } = view;
      const enforced = constraints.length > 0 && ++choices <= fairAfter;
      let best = -1;
      let bestBand = -1;
      for (let i = 0; i < count; i++) {
        const t = enabled[i]!;
        if (priority[t] === -1) priority[t] = source.next();
        const b = enforced ? band(view, t) : neutral;
        if (b > bestBand || (b === bestBand && priority[t]! > priority[best]!)) {
          best = t;
          bestBand = b;
        }
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
    observe(step: ExecutedStep): void {
      const { kind, buffer, site, wrote } = step;
      if (buffer === -1 || kind >= CALL || kind === NOTIFY) return;
      const cell = mix(buffer, step.byteOffset);
      const operation = mix(site, cell);
      if (kind !== STORE) {
        learnt.read(cell, operation);
        for (let i = constraints.length - 1; i >= 0; i--)
          if (constraints[i]!.positive && constraints[i]!.read === operation) constraints.splice(i, 1);
      }
      if (wrote) {
        learnt.wrote(cell, operation);
        for (const constraint of constraints) if (constraint.write === operation) constraint.written = true;
      }
    },
  };
}

function bandOfPositive({ write, read, written }: Constraint, operation: number, kind: number): number {
  if (operation === read) return written ? preferred : heldBack;
  if (written) return mayWrite(kind) ? heldBack : neutral;
  return operation === write ? preferred : neutral;
}

function bandOfNegative(
  { write, read }: Constraint,
  operation: number,
  kind: number,
  lastWriter: number,
): number {
  if (lastWriter === write) {
    if (operation === read) return heldBack;
    return mayWrite(kind) && operation !== write ? preferred : neutral;
  }
  if (operation === read) return preferred;
  return operation === write ? heldBack : neutral;
}

function mayWrite(kind: number): boolean {
  return kind >= STORE && kind <= COMPARE_EXCHANGE;
}
