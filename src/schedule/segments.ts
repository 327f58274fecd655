/**
 * Schedules as fast-check generates them: a list of segments `[thread, steps]` over a fixed base order (run the current thread until it blocks or
 * ends, then the lowest that can go on). A segment of a thread that cannot go on is skipped, and so is the rest of a segment
 * whose thread blocks. The empty list is the schedule without preemptions, so that is where shrinking goes.
 *
 * Source: design.md section 4 (own measurement against three other encodings). Half of the lists are made as PCT makes schedules: an order
 * of priorities with a few change points (see src/strategy/pct.ts).
 */
import * as fc from 'fast-check';

/** Thread (taken modulo the number of threads) and number of steps, at least 1. */
export type Segment = readonly [thread: number, steps: number];

/** Long enough that a thread runs until it blocks or ends. */
const untilBlocked = 10_000;

export interface SegmentsConstraints {
  /** Threads to choose from. */
  readonly threads: number;
  /** Longest list. Default 24. */
  readonly maxSegments?: number;
  /** About how many steps one thread takes: how far apart switches may be. Default 24. */
  readonly steps?: number;
}

export function segments(constraints: SegmentsConstraints): fc.Arbitrary<readonly Segment[]> {
  return new SegmentsArbitrary(constraints);
}

class SegmentsArbitrary extends fc.Arbitrary<readonly Segment[]> {
  readonly #threads: number;
  readonly #most: number;
  readonly #steps: number;

  constructor({ threads, maxSegments = 24, steps = 24 }: SegmentsConstraints) {
    super();
    this.#threads = threads;
    this.#most = maxSegments;
    this.#steps = steps;
  }

  override generate(random: fc.Random, _bias: number | undefined): fc.Value<readonly Segment[]> {
    const value = random.nextInt(0, 1) === 0 ? this.#uniform(random) : this.#priorities(random);
    return new fc.Value(value, undefined);
  }

  #uniform(random: fc.Random): readonly Segment[] {
    const length = random.nextInt(0, this.#most);
    // One scale a schedule: some switch at every step, some rarely.
    const longest = [1, 3, 8, this.#steps][random.nextInt(0, 3)]!;
    return Array.from(
      { length },
      (): Segment => [random.nextInt(0, this.#threads - 1), random.nextInt(1, longest)],
    );
  }

  #priorities(random: fc.Random): readonly Segment[] {
    const order = Array.from({ length: this.#threads }, (_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.nextInt(0, i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const list: Segment[] = [];
    for (let changes = random.nextInt(0, 3); changes > 0; changes--) {
      const demoted = order.shift()!;
      list.push([demoted, random.nextInt(1, this.#steps)]);
      order.push(demoted);
    }
    for (const thread of order) list.push([thread, untilBlocked]);
    return list;
  }

  override canShrinkWithoutContext(value: unknown): value is readonly Segment[] {
    return (
      Array.isArray(value) &&
      value.every(
        (s) =>
          Array.isArray(s) &&
          s.length === 2 &&
          Number.isInteger(s[0]) &&
          Number.isInteger(s[1]) &&
          s[0] >= 0 &&
          s[1] >= 1,
      )
    );
  }

  override shrink(value: readonly Segment[], _context: unknown): fc.Stream<fc.Value<readonly Segment[]>> {
    return fc.stream(smaller(value)).map((list) => new fc.Value(list, undefined));
  }
}

/** Fewer segments first (all, halves, quarters ... one), then shorter ones, then lower threads. */
function* smaller(list: readonly Segment[]): IterableIterator<readonly Segment[]> {
  for (let size = list.length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start + size <= list.length; start += size)
      yield [...list.slice(0, start), ...list.slice(start + size)];
  }
  for (const [i, [thread, steps]] of list.entries()) {
    for (const fewer of new Set([1, Math.floor(steps / 2), steps - 1]))
      if (fewer >= 1 && fewer < steps) yield list.with(i, [thread, fewer]);
    if (thread > 0) yield list.with(i, [thread - 1, steps]);
  }
}
