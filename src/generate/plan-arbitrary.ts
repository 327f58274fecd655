/**
 * Generated programs: lists of operations in threads, and a prefix. An arbitrary of its own for its shrinking: any thread and any operation
 * can go. Nested `fc.array`s would keep the last of each list for ever (they drop from the front), and with it threads
 * that have no part in a failure.
 */
import * as fc from 'fast-check';
import type { Operation, Plan } from './plan.ts';

export interface PlanConstraints {
  readonly operation: fc.Arbitrary<Operation>;
  /** Fewest and most threads. */
  readonly threads: readonly [least: number, most: number];
  /** Fewest and most operations of a thread. */
  readonly length: readonly [least: number, most: number];
  /** Most operations of the prefix. */
  readonly prefix: number;
}

export function planArbitrary(constraints: PlanConstraints): fc.Arbitrary<Plan> {
  return new PlanArbitrary(constraints);
}

type Made = readonly fc.Value<Operation>[];

/** A plan with what is needed to shrink each operation. */
interface MadePlan {
  readonly threads: readonly Made[];
  readonly prefix: Made;
}

class PlanArbitrary extends fc.Arbitrary<Plan> {
  readonly #constraints: PlanConstraints;

  constructor(constraints: PlanConstraints) {
    super();
    this.#constraints = constraints;
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<Plan> {
    const { operation, threads, length, prefix } = this.#constraints;
    const list = (least: number, most: number): Made =>
      Array.from({ length: random.nextInt(least, most) }, () => operation.generate(random, bias));
    const count = random.nextInt(threads[0], threads[1]);
    return planValue({
      threads: Array.from({ length: count }, () => list(...length)),
      prefix: list(0, prefix),
    });
  }

  override canShrinkWithoutContext(_value: unknown): _value is Plan {
    return false;
  }

  override shrink(_plan: Plan, context: unknown): fc.Stream<fc.Value<Plan>> {
    return fc.stream(context === undefined ? [].values() : this.#smaller(context as MadePlan)).map(planValue);
  }

  /** Without a thread, then without operations, then with smaller arguments. */
  *#smaller({ threads, prefix }: MadePlan): IterableIterator<MadePlan> {
    const { operation, threads: most, length } = this.#constraints;
    if (threads.length > most[0])
      for (let t = 0; t < threads.length; t++) yield { threads: threads.toSpliced(t, 1), prefix };
    for (const fewer of shorter(prefix, 0)) yield { threads, prefix: fewer };
    for (const [t, list] of threads.entries())
      for (const fewer of shorter(list, length[0])) yield { threads: threads.with(t, fewer), prefix };
    const replaced = function* (list: Made): IterableIterator<Made> {
      for (const [i, one] of list.entries())
        for (const value of operation.shrink(one.value_, one.context)) yield list.with(i, value);
    };
    for (const list of replaced(prefix)) yield { threads, prefix: list };
    for (const [t, one] of threads.entries())
      for (const list of replaced(one)) yield { threads: threads.with(t, list), prefix };
  }
}

/** Without a chunk: all that may go, halves, quarters ... one. */
function* shorter(list: Made, least: number): IterableIterator<Made> {
  for (let size = list.length - least; size >= 1; size = Math.floor(size / 2))
    for (let start = 0; start + size <= list.length; start++) {
      yield list.toSpliced(start, size);
      if (size > 1) start += size - 1;
    }
}

function planValue(made: MadePlan): fc.Value<Plan> {
  const values = (list: Made): readonly Operation[] => list.map(({ value }) => value);
  return new fc.Value({ threads: made.threads.map(values), prefix: values(made.prefix) }, made);
}
