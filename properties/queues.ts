/**
 * Queues between threads (W-11, C-11): the MPMC queue and the SPSC ring are linearizable with respect to a first-in first-out queue that
 * blocks and closes, the inbox with respect to one that drops the oldest; what the model would let go never stays pending (no lost wake-up);
 * no item is lost, doubled, or processed after it was dropped; nobody waits by spinning (C-12). Items are unique.
 */
import * as fc from 'fast-check';
import { boundedQueue, checkQueue, compare, inbox } from '../models/queue.ts';
import { concurrentProgram } from '../src/generate/concurrent.ts';
import type { Operation, Plan } from '../src/generate/plan.ts';
import { codecs, Inbox, MpmcQueue, SpscRing } from '../src/runtime/index.ts';
import { type Case, erased, type Property } from './property.ts';

type View = Int32Array<SharedArrayBuffer>;
type Item = number | { readonly item: number; readonly check: number };

export interface QueueSubject<T> {
  create(view: View, index: number, capacity: number, codec: unknown): { readonly handle: unknown };
  attach(handle: never, codec: unknown, owner?: number): T;
}

const bytes = 4096;

/** Weighted operations without arguments of a kind, `count` of them in a row at most. */
const calls = (weights: Readonly<Record<string, number>>, most: number): fc.Arbitrary<readonly string[]> =>
  fc.array(
    fc.oneof(...Object.entries(weights).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) }))),
    { minLength: 1, maxLength: most },
  );

/** Gives each put its own item, and each timed call its limit. */
function withArguments(threads: readonly (readonly string[])[]): Plan {
  return {
    prefix: [],
    threads: threads.map((names, thread) =>
      names.map((name, position): Operation => {
        const item = 10 * (thread + 1) + position;
        if (name === 'putFor') return { name, args: [item, 5] };
        if (name === 'takeFor') return { name, args: [5] };
        return { name, args: name === 'put' || name === 'tryPut' || name === 'offer' ? [item] : [] };
      }),
    ),
  };
}

/** 1 or 2: from the plan, so that it is replayed and shrunk with it. */
function capacityOf({ threads }: Plan): number {
  return 2 ** (threads.reduce((sum, operations) => sum + operations.length, 0) % 3 === 0 ? 1 : 0);
}

const operations = {
  put: {},
  tryPut: {},
  putFor: {},
  take: {},
  tryTake: {},
  takeFor: {},
  close: {},
  isClosed: {},
};

const spinning = 'a thread waits by spinning, not by sleeping';

/** A queue and what a thread calls on it. */
type Queue = Readonly<Record<keyof typeof operations, (...args: never[]) => unknown>>;

/** Producers and consumers, who now and then change sides; sometimes somebody closes. */
const mpmcPlans: fc.Arbitrary<Plan> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: calls({ put: 50, tryPut: 10, putFor: 10, close: 5 }, 3) },
      { weight: 4, arbitrary: calls({ take: 50, tryTake: 10, takeFor: 10, close: 3 }, 3) },
      { weight: 1, arbitrary: calls({ put: 20, take: 20, tryPut: 10, tryTake: 10, isClosed: 10 }, 3) },
      { weight: 2, arbitrary: fc.constant(['close']) },
    ),
    { minLength: 2, maxLength: 4 },
  )
  .map(withArguments);

/** The cases of an MPMC queue for programs of a kind. */
function mpmcCases(
  subject: QueueSubject<Queue>,
  name: string,
  plans: fc.Arbitrary<Plan>,
  capacity: (plan: Plan) => number,
  most: number,
): fc.Arbitrary<Case> {
  return erased(
    concurrentProgram({
      name,
      setup: (plan) =>
        subject.create(new Int32Array(new SharedArrayBuffer(bytes)), 0, capacity(plan), codecs.int32).handle,
      attach: (handle) => subject.attach(handle as never, codecs.int32),
      operations,
      plans,
      threads: [2, most],
      judge: ({ history, stuck, spins, plan }) =>
        checkQueue(history, capacity(plan), stuck) ?? (spins > 0 ? spinning : undefined),
      behaviours: true,
    }),
  );
}

export const mpmcQueue: Property<QueueSubject<Queue>> = {
  name: 'mpmc-queue',
  about:
    'an MpmcQueue is a first-in first-out queue: nothing lost or doubled, closing wakes all, no wake-up is lost',
  ids: ['W-11', 'C-12'],
  subject: MpmcQueue as unknown as QueueSubject<Queue>,
  cases: (subject) => mpmcCases(subject, 'mpmc-queue', mpmcPlans, capacityOf, 4),
};

/**
 * Takers who sleep, and puts that overlap with each other or with a close. A wake-up that came out of turn does harm in one schedule of ten
 * thousand of the programs above, where the next put makes up for it; here in one of a hundred.
 */
const overlappingPlans: fc.Arbitrary<Plan> = fc
  .constantFrom(
    ['take', 'take', 'put', 'put'],
    ['take', 'take', 'put', 'close'],
    ['take', 'take', 'take', 'put', 'put'],
    ['take', 'take', 'take', 'put', 'put', 'put'],
    ['take', 'takeFor', 'take', 'put', 'tryPut'],
  )
  .map((names) => withArguments(names.map((name) => [name])));

export const mpmcWakeUps: Property<QueueSubject<Queue>> = {
  name: 'mpmc-wake-ups',
  about: 'whoever sleeps in an MpmcQueue is woken for what comes, also when places are filled out of order',
  ids: ['W-11'],
  subject: MpmcQueue as unknown as QueueSubject<Queue>,
  cases: (subject) => mpmcCases(subject, 'mpmc-wake-ups', overlappingPlans, () => 4, 6),
};

const spscPlans: fc.Arbitrary<Plan> = fc
  .oneof(
    {
      weight: 9,
      arbitrary: fc.tuple(
        calls({ put: 50, tryPut: 20, putFor: 20, isClosed: 5, close: 7 }, 5),
        calls({ take: 50, tryTake: 20, takeFor: 20, isClosed: 5, close: 3 }, 5),
        fc.option(fc.constant(['close']), { freq: 3, nil: undefined }),
      ),
    },
    // Nobody but the closer wakes who waits: an item or a take would make up for a wake-up that it forgot.
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        [['put', 'put', 'put'], undefined, ['close']] as const,
        [undefined, ['take'], ['close']] as const,
      ),
    },
  )
  .map((threads) => withArguments(threads.filter((thread) => thread !== undefined)));

/** Two words that belong together: half an item would show. */
const pair = codecs.struct({ item: codecs.int32, check: codecs.int32 });

const isPut = (name: string): boolean => name === 'put' || name === 'tryPut' || name === 'putFor';

/** Items are sent as pairs, and read back as one number: NaN when the halves do not belong together. */
function unpaired(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('item' in value)) return value;
  const { item, check } = value as Exclude<Item, number>;
  return check === ~item ? item : Number.NaN;
}

const paired = Object.fromEntries(
  Object.keys(operations).map((name) => [
    name,
    {
      run: (ring: Queue, ...args: readonly number[]): unknown => {
        const call = ring[name as keyof Queue] as (...args: unknown[]) => unknown;
        const item = args[0];
        if (isPut(name)) return call.call(ring, { item, check: ~(item ?? 0) }, args[1]);
        return unpaired(call.apply(ring, [...args]));
      },
    },
  ]),
);

export const spscRing: Property<QueueSubject<Queue>> = {
  name: 'spsc-ring',
  about:
    'an SpscRing is a first-in first-out queue between one producer and one consumer, and shows no half item',
  ids: ['W-11', 'C-12'],
  subject: SpscRing as unknown as QueueSubject<Queue>,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'spsc-ring',
        setup: (plan) =>
          subject.create(new Int32Array(new SharedArrayBuffer(bytes)), 0, capacityOf(plan), pair).handle,
        attach: (handle) => subject.attach(handle as never, pair),
        operations: paired,
        plans: spscPlans,
        // The capacity is of the plan, and a specification is of all plans: so the judge compares, exactly.
        judge: ({ history, stuck, spins, plan }) =>
          compare(boundedQueue(capacityOf(plan)), history, stuck) ?? (spins > 0 ? spinning : undefined),
        behaviours: true,
      }),
    ),
};

interface Mail {
  offer(item: number): boolean;
  take(): number;
  tryTake(): number | undefined;
  takeFor(timeoutMs: number): number | undefined;
  close(): boolean;
  isClosed(): boolean;
  stats(): { offered: number; taken: number; dropped: number; queued: number };
}

const inboxPlans: fc.Arbitrary<Plan> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: calls({ offer: 80, close: 5, isClosed: 5 }, 3) },
      { weight: 5, arbitrary: calls({ take: 30, tryTake: 20, takeFor: 20, close: 2 }, 3) },
      { weight: 1, arbitrary: fc.constant(['close']) },
    ),
    { minLength: 2, maxLength: 3 },
  )
  .map(withArguments);

export const inboxAccounting: Property<QueueSubject<Mail>> = {
  name: 'inbox-accounting',
  about: 'an Inbox drops the oldest, never processes what it dropped, and offered = taken + dropped + queued',
  ids: ['W-11', 'C-11', 'C-12'],
  subject: Inbox as unknown as QueueSubject<Mail>,
  cases: (subject) =>
    erased(
      concurrentProgram({
        name: 'inbox-accounting',
        setup: (plan) =>
          subject.create(new Int32Array(new SharedArrayBuffer(bytes)), 0, capacityOf(plan), codecs.int32)
            .handle,
        attach: (handle, thread) => subject.attach(handle as never, codecs.int32, thread + 1),
        operations: { offer: {}, take: {}, tryTake: {}, takeFor: {}, close: {}, isClosed: {} },
        plans: inboxPlans,
        judge: ({ history, stuck, spins, plan, shared }) => {
          const fault = compare(inbox(capacityOf(plan)), history, stuck);
          if (fault !== undefined) return fault;
          const count = (name: RegExp, counts: (result: unknown) => boolean): number =>
            history.filter(({ name: other, result }) => name.test(other) && counts(result)).length;
          const stats = subject.attach(shared as never, codecs.int32, 99).stats();
          const offered = count(/offer/, (result) => typeof result === 'boolean');
          const taken = count(/take/i, (result) => typeof result === 'number');
          const dropped = count(/offer/, (result) => result === true);
          const queued = offered - taken - dropped;
          if (
            stats.offered !== offered ||
            stats.taken !== taken ||
            stats.dropped !== dropped ||
            stats.queued !== queued
          )
            return `inbox: it counts ${JSON.stringify(stats)}, but offered ${offered}, taken ${taken}, dropped ${dropped}`;
          return spins > 0 ? spinning : undefined;
        },
        behaviours: true,
      }),
    ),
};
