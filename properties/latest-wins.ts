/** The line of a handler that keeps the latest (C-11): offered = processed + dropped + queued, and what was dropped is never processed. */
import * as fc from 'fast-check';
import { checkLine } from '../models/latest-wins.ts';
import type { Plan } from '../src/generate/plan.ts';
import { LatestWins, type LatestWinsStats } from '../src/runtime/index.ts';
import { promiseProgram, type Turns } from './promises.ts';
import type { Property } from './property.ts';

interface Line {
  offer(item: number): { readonly begin: readonly number[]; readonly dropped: readonly number[] };
  done(): readonly number[];
  withdraw(fits: (item: number) => boolean): readonly number[];
  stats(): LatestWinsStats;
}

export interface LineSubject {
  create(capacity: number): Line;
}

interface World {
  readonly line: Line;
  readonly turns: Turns;
  /** What happened to the line, in order. */
  readonly events: string[];
}

/** Processes what began, each in a turn, until nothing begins. */
async function process({ line, turns, events }: World, begun: readonly number[]): Promise<void> {
  for (let [item] = begun; item !== undefined; [item] = line.done()) {
    events.push(`begin ${item}`);
    await turns.next(`processed ${item}`);
    events.push(`done ${item}`);
  }
}

/** The number of waiting places is the first argument of every call. */
const plans: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.array(
      fc.array(fc.constantFrom('offer', 'offer', 'offer', 'withdraw'), { minLength: 1, maxLength: 5 }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  )
  .map(([capacity, clients]) => {
    let item = 0;
    const threads = clients.map((list) =>
      list.map((name) => {
        item += 1;
        return { name, args: [capacity, item] };
      }),
    );
    return { prefix: [], threads };
  });

export const latestWins: Property<LineSubject> = {
  name: 'latest-wins',
  about:
    'a LatestWins drops the oldest, never begins what it dropped, and offered = processed + dropped + queued',
  ids: ['C-11'],
  subject: { create: (capacity) => new LatestWins(capacity) },
  cases: (subject) =>
    promiseProgram<World>({
      name: 'latest-wins',
      plans,
      world: (turns, { threads }) => ({
        line: subject.create(Number(threads[0]?.[0]?.args[0] ?? 1)),
        turns,
        events: [],
      }),
      operations: {
        offer: {
          run: (world, _thread, _capacity: number, item: number) => {
            world.events.push(`offer ${item}`);
            const { begin, dropped } = world.line.offer(item);
            for (const each of dropped) world.events.push(`drop ${each}`);
            void process(world, begin);
          },
        },
        withdraw: {
          run: ({ line, events }) => {
            for (const each of line.withdraw((item) => item % 2 === 0)) events.push(`drop ${each}`);
          },
        },
      },
      judge: ({ world: { line, events }, plan, stuck }) =>
        stuck
          ? 'an offer never came back'
          : checkLine(events, Number(plan.threads[0]?.[0]?.args[0] ?? 1), line.stats()),
    }),
};
