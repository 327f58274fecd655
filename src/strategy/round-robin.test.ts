import { describe, expect, test } from 'vitest';
import { type Cells, executorOf } from '../engine/fixtures/schedules.ts';
import { subject } from '../engine/fixtures/subject.ts';
import { strategyConformance } from './fixtures/conformance.ts';
import { roundRobin } from './round-robin.ts';

strategyConformance('round-robin', roundRobin);

describe('round robin', () => {
  const program = subject(({ cells }) => ({
    threads: 3,
    setup: () => cells(1),
    thread(_id: number, view: Cells): void {
      for (let i = 0; i < 3; i++) Atomics.load(view, 0);
    },
  }));
  const order = (execution: number): string => {
    const executor = executorOf(program);
    const strategy = roundRobin(1);
    strategy.begin(execution, 3);
    executor.run(strategy, true);
    return executor.trace!.map(({ thread }) => thread).join('');
  };

  test('execution e gives each thread e + 1 steps in turn', () => {
    expect(order(0)).toBe('012012012012');
    expect(order(1)).toBe('001122001122');
    expect(order(2)).toBe('000111222012');
    expect(order(3)).toBe('000011112222');
    expect(order(50)).toBe('000011112222');
  });

  test('the seed changes nothing', () => {
    const executor = executorOf(program);
    const runs = [1, 2].map((seed) => {
      const strategy = roundRobin(seed);
      strategy.begin(1, 3);
      executor.run(strategy, true);
      return executor.trace;
    });
    expect(runs[0]).toEqual(runs[1]);
  });

  test('a thread that sleeps with a time-out loses its turn', () => {
    const sleeper = subject(({ cells }) => ({
      threads: 2,
      setup: () => cells(1),
      thread(id: number, view: Cells): string {
        if (id === 0) return Atomics.wait(view, 0, 0, 10);
        Atomics.store(view, 0, 1);
        return String(Atomics.notify(view, 0));
      },
      check(_view: Cells, results: readonly string[]): void {
        if (results[0] !== 'ok') throw new Error(results.join());
      },
    }));
    const strategy = roundRobin(1);
    strategy.begin(9, 2);
    expect(executorOf(sleeper).run(strategy)).toMatchObject({ kind: 'passed', message: '' });
  });
});
