import { type ExploreOptions, explore, type Program } from 'threadproof';
import { expect, test } from 'vitest';
import * as programs from './primitives.ts';

/** The small ones of docs/exhaustive.md; the others take seconds. */
const counts = {
  mutex2x1: 10,
  mutex2x2: 670,
  mutex3x1: 3606,
  condition1x1: 47,
  barrier2x1: 20,
  barrier2x2: 1036,
  barrier3x1: 2484,
  rwlock1and1: 38,
  rwlock3and0: 3114,
  semaphore1for2: 30,
  semaphore1for2x2: 15078,
} as const;

const options: ExploreOptions = { strategy: 'exhaustive' };

const byName = new Map(Object.entries(programs));

test.each(Object.entries(counts))('%s: complete after %i executions', (name, executions) => {
  expect(explore(byName.get(name) as unknown as Program, options)).toMatchObject({
    outcome: 'passed',
    complete: true,
    executions,
    behaviours: executions,
  });
});

test('a larger one, as far as two preemptions go', () => {
  const result = explore(programs.rwlock1and2 as unknown as Program, { ...options, preemptions: 2 });
  expect(result).toMatchObject({ outcome: 'passed', complete: true, bound: 2 });
});
