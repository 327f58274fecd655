import { describe, expect, test } from 'vitest';
import { reorder } from '../../bench/needles.ts';
import { exploreWith } from '../engine/explore.ts';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { strategyConformance } from './fixtures/conformance.ts';
import { pos } from './pos.ts';
import { RandomSource } from './random-source.ts';
import { type Constraint, ReadsFrom } from './reads-from.ts';
import { rff } from './rff.ts';
import type { Strategy } from './strategy.ts';

strategyConformance('rff', rff);

const toTheFirst = (strategy: Strategy, threads: number, executions: number): number | undefined =>
  exploreWith(executorOf(reorder(threads)), strategy, { executions, deadline: Number.POSITIVE_INFINITY })
    .findings[0]?.execution;

describe('rff', () => {
  test('finds a pair of reads-from in a hundred threads within a few executions', () => {
    for (let seed = 0; seed < 10; seed++) expect(toTheFirst(rff(seed), 100, 60)).toBeDefined();
  });

  test('learns from what it saw: without constraints it is partial order sampling', () => {
    expect(toTheFirst(pos(1), 100, 60)).toBeUndefined();
  });

  test('a constraint that cannot be met costs nothing', () => {
    // Thread 1 may only write after thread 0 has read: "0 reads from 1" is impossible.
    const ordered = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(2),
      thread(id: number, view: Cells): void {
        if (id === 0) {
          if (Atomics.load(view, 0) !== 0) throw new Error('read too late');
          Atomics.store(view, 1, 1);
          Atomics.notify(view, 1);
          return;
        }
        Atomics.wait(view, 1, 0);
        Atomics.store(view, 0, 1);
      },
    }));
    const executor = executorOf(ordered);
    const strategy = rff(3);
    for (let e = 0; e < 300; e++) {
      strategy.begin(e, 2);
      expect(executor.run(strategy)).toMatchObject({ kind: 'passed', message: '' });
    }
  });
});

describe('what reads-from exploration learns', () => {
  const cell = 7;
  const [write, read] = [11, 12];
  const source = new RandomSource();
  source.seed(1, 1);

  test('nothing is proposed before something was read', () => {
    const learnt = new ReadsFrom();
    learnt.wrote(cell, write);
    learnt.finish();
    expect(learnt.next(source)).toEqual([]);
  });

  test('pairs that were never seen are proposed, and the initial value counts as written', () => {
    const learnt = new ReadsFrom();
    learnt.read(cell, read);
    learnt.wrote(cell, write);
    expect(learnt.lastWriter(cell)).toBe(write);
    learnt.finish();
    const proposed = new Map<string, Constraint>();
    for (let i = 0; i < 200; i++)
      for (const constraint of learnt.next(source))
        proposed.set(`${constraint.positive} ${constraint.write} ${constraint.read}`, constraint);
    expect([...proposed.keys()].sort()).toEqual(['false 0 12', 'false 11 12', 'true 0 12', 'true 11 12']);
    expect(proposed.get('true 0 12')!.written).toBe(true);
    expect(proposed.get('true 11 12')!.written).toBe(false);
    expect(learnt.lastWriter(cell)).toBe(0);
  });

  test('what showed something new is built upon; the empty schedule stays', () => {
    const learnt = new ReadsFrom();
    learnt.read(cell, read);
    learnt.finish();
    let longest = 0;
    for (let i = 0; i < 300; i++) {
      longest = Math.max(longest, learnt.next(source).length);
      learnt.wrote(cell, 100 + i);
      learnt.read(cell, read);
      learnt.finish();
    }
    expect(longest).toBeGreaterThan(2);
    const stale = new ReadsFrom();
    stale.read(cell, read);
    stale.finish();
    for (let i = 0; i < 300; i++) {
      expect(stale.next(source).length).toBeLessThanOrEqual(1);
      stale.read(cell, read);
      stale.finish();
    }
  });
});
