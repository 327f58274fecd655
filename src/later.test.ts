import { nextTick } from 'node:process';
import { Writable } from 'node:stream';
import * as timers from 'node:timers';
import { setTimeout as pause, scheduler, setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { explore } from './explore.ts';

const run = (body: () => void) =>
  explore(
    {
      threads: 1,
      setup: () => new Int32Array(new SharedArrayBuffer(4)),
      thread(_id: number, view: Int32Array): void {
        body();
        Atomics.store(view, 0, 1);
      },
    },
    { executions: 2 },
  );

const nothing = (): void => {};

test.each<[string, () => void]>([
  ['setTimeout', () => void setTimeout(nothing)],
  ['setInterval', () => void setInterval(nothing)],
  ['setImmediate', () => void setImmediate(nothing)],
  ['queueMicrotask', () => queueMicrotask(nothing)],
  ['process.nextTick', () => process.nextTick(nothing)],
  ['process.nextTick', () => nextTick(nothing)],
  ['setTimeout of node:timers', () => void timers.setTimeout(nothing)],
  ['setInterval of node:timers', () => void timers.setInterval(nothing, 1)],
  ['setImmediate of node:timers', () => void timers.setImmediate(nothing)],
  ['setTimeout of node:timers/promises', () => void pause(1)],
  ['setImmediate of node:timers/promises', () => void turn()],
  ['scheduler.wait of node:timers/promises', () => void scheduler.wait(1)],
  ['scheduler.yield of node:timers/promises', () => void scheduler.yield()],
])('%s in a thread is refused, with the remedy', (name, body) => {
  const result = run(body);
  expect(result.outcome).toBe('crashed');
  expect(result.message).toContain(
    `${name} cannot run as part of a thread: a thread's body is plain synchronous code; call it outside thread and attach`,
  );
});

test('a program that catches the refusal is refused all the same', () => {
  const result = run(() => {
    try {
      queueMicrotask(nothing);
    } catch {
      // taken for granted
    }
  });
  expect([result.outcome, result.message]).toEqual([
    'crashed',
    expect.stringContaining('queueMicrotask cannot run as part of a thread'),
  ]);
});

test('what Node itself does later is its own: a thread may print', () => {
  const lines: string[] = [];
  const out = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      lines.push(line);
      done();
    },
  });
  expect(run(() => void out.write('a line')).outcome).toBe('passed');
  expect(new Set(lines)).toEqual(new Set(['a line']));
});

test('whoever puts another one in the place of process.nextTick is refused, too', () => {
  const { nextTick: kept } = process;
  let called = 0;
  process.nextTick = () => void called++;
  const { outcome } = run(() => process.nextTick(nothing));
  process.nextTick(nothing);
  process.nextTick = kept;
  expect([outcome, called, process.nextTick === kept]).toEqual(['crashed', 1, true]);
});

test('outside of an execution they are what they were', async () => {
  const order: string[] = [];
  queueMicrotask(() => order.push('microtask'));
  process.nextTick(() => order.push('tick'));
  await pause(1);
  await promisify(setTimeout)(1);
  await promisify(timers.setTimeout)(1);
  expect(order.sort()).toEqual(['microtask', 'tick']);
  expect([setTimeout.name, process.nextTick.name, queueMicrotask.length]).toEqual([
    'setTimeout',
    'nextTick',
    1,
  ]);
});
