import { expect, test } from 'vitest';
import type { ExecutedStep, StepObserver } from '../instrument/executed-step.ts';
import { stepNames } from '../instrument/step.ts';
import { random } from '../strategy/random.ts';
import type { Strategy } from '../strategy/strategy.ts';
import { type Cells, executorOf, run, runAll, script } from './fixtures/schedules.ts';
import { subject } from './fixtures/subject.ts';
import type { Program } from './program.ts';

type Seen = Omit<ExecutedStep, 'woke'> & { readonly woke: readonly number[] };

function notebook(): StepObserver & { readonly steps: Seen[]; starts: number } {
  const steps: Seen[] = [];
  const observer = {
    steps,
    starts: 0,
    started(): void {
      observer.starts++;
      steps.length = 0;
    },
    observe(step: ExecutedStep): void {
      steps.push({ ...step, woke: [...step.woke] });
    },
  };
  return observer;
}

const locks = subject(({ cells }) => ({
  threads: 3,
  setup: () => cells(2),
  thread(id: number, view: Cells): void {
    while (Atomics.compareExchange(view, 0, 0, 1) !== 0) Atomics.wait(view, 0, 1, id === 0 ? 3 : undefined);
    Atomics.add(view, 1, 1);
    Atomics.store(view, 0, 0);
    Atomics.notify(view, 0, 1);
  },
})) as unknown as Program;

test('an observer is told every step of the trace, with its cell, whether it wrote and whom it woke', () => {
  const told = notebook();
  const executor = executorOf(locks, { observers: [told] });
  const wokeSomebody = new Set<number>();
  runAll(
    executor,
    { ...random(3), begin: (e) => e < 200 && random(e).begin(e, 3) },
    () => {
      const trace = executor.trace!; // recorded
      expect(told.steps).toHaveLength(trace.length);
      for (const [i, step] of told.steps.entries()) {
        const row = trace[i]!; // as many as steps
        expect(stepNames[step.kind]).toBe(row.kind);
        expect(step.thread).toBe(row.thread);
        expect(step.event).toBe(trace.slice(0, i).filter(({ thread }) => thread === step.thread).length);
        if (row.byteOffset !== undefined)
          expect([step.buffer, step.byteOffset, step.byteLength]).toEqual([row.buffer, row.byteOffset, 4]);
        if (row.kind === 'compareExchange') expect(step.wrote).toBe(step.result === 0);
        if (row.kind === 'load' || row.kind === 'wait' || row.kind === 'notify')
          expect(step.wrote).toBe(false);
        if (row.kind === 'store' || row.kind === 'add') expect(step.wrote).toBe(true);
        if (row.kind === 'wait') expect(step.slept).toBe(row.result === undefined);
        if (step.slept) expect(step.timed).toBe(step.thread === 0);
        if (row.kind === 'woken' || row.kind === 'timeout')
          expect([step.buffer, step.byteOffset]).toEqual([0, 0]);
        expect(step.woke).toEqual(row.woke ?? []);
        for (const t of step.woke) wokeSomebody.add(t);
      }
    },
    true,
  );
  expect(told.starts).toBe(200);
  expect([...wokeSomebody].sort()).toEqual([0, 1, 2]);
});

test('a strategy that wants to be told is, after the observers, also of steps that were no choice', () => {
  const order: string[] = [];
  const strategy: Strategy = {
    ...script([0, 0, 0, 0]),
    observe: ({ thread, kind }) => void order.push(`strategy ${thread} ${stepNames[kind]}`),
  };
  const observer: StepObserver = {
    observe: ({ thread, kind }) => void order.push(`observer ${thread} ${stepNames[kind]}`),
  };
  const alone = subject(({ cells }) => ({
    threads: 1,
    setup: () => cells(1),
    thread: (_id: number, view: Cells) => Atomics.load(view, 0),
  }));
  run(alone, strategy, { observers: [observer] });
  expect(order).toEqual(['observer 0 start', 'strategy 0 start', 'observer 0 load', 'strategy 0 load']);
});

test('steps without a scheduling point and steps that throw are told as such', () => {
  const told = notebook();
  const program = subject(({ cells }) => ({
    threads: 1,
    setup: () => cells(1),
    thread(_id: number, view: Cells): void {
      [1, 2].sort(() => Atomics.add(view, 0, 1));
      try {
        Atomics.store(view, 7, 1);
      } catch {
        Atomics.load(view, 0);
      }
    },
  }));
  run(program, [], { observers: [told] });
  const shown = told.steps.map(
    ({ kind, buffer, scheduled, wrote }) => `${stepNames[kind]} ${buffer} ${scheduled} ${wrote}`,
  );
  expect(shown).toEqual([
    'start -1 true false',
    'add 0 false true',
    'store -1 true false',
    'load 0 true false',
  ]);
});
