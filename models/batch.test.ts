import { describe, expect, it } from 'vitest';
import { type History, threw } from '../src/history/history.ts';
import { type BatchCall, checkBatches } from './batch.ts';

/** `run` of some calls, from one position to another. */
const run = (
  thread: number,
  called: number,
  returned: number,
  calls: readonly BatchCall[],
  result: unknown,
): History[number] => ({
  thread,
  name: 'run',
  args: [calls],
  called,
  returned,
  result,
});
const load = (thread: number, called: number, cell: number, result: number): History[number] => ({
  thread,
  name: 'load',
  args: [cell],
  called,
  returned: called + 1,
  result,
});
const check = (...history: History) => checkBatches(history, [0, 0]);

describe('checkBatches', () => {
  it('accepts results in program order', () => {
    expect(
      check(
        run(
          0,
          0,
          1,
          [
            ['add', 0, 1],
            ['add', 0, 1],
            ['load', 0],
          ],
          [0, 1, 2],
        ),
      ),
    ).toBeUndefined();
  });

  it('A1: accepts another thread in the middle, for a batch is not atomic', () => {
    const move = run(
      0,
      0,
      3,
      [
        ['add', 0, 1],
        ['add', 1, 1],
      ],
      [0, 0],
    );
    expect(
      check(
        move,
        run(
          1,
          1,
          2,
          [
            ['load', 0],
            ['load', 1],
          ],
          [1, 0],
        ),
      ),
    ).toBeUndefined();
    // But not after its end, and not in the wrong order.
    expect(
      check(
        move,
        run(
          1,
          4,
          5,
          [
            ['load', 0],
            ['load', 1],
          ],
          [1, 0],
        ),
      ),
    ).toContain('not linearizable');
    expect(
      check(
        move,
        run(
          1,
          1,
          2,
          [
            ['load', 1],
            ['load', 0],
          ],
          [1, 0],
        ),
      ),
    ).toContain('not linearizable');
  });

  it('rejects results in another order', () => {
    expect(
      check(
        run(
          0,
          0,
          1,
          [
            ['add', 0, 1],
            ['load', 0],
          ],
          [1, 0],
        ),
      ),
    ).toContain('not linearizable');
    expect(
      check(
        run(
          0,
          0,
          1,
          [
            ['store', 0, 1],
            ['store', 0, 2],
          ],
          [1, 2],
        ),
        load(1, 2, 0, 1),
      ),
    ).toContain('not linearizable');
  });

  it('A2: rejects a batch that took effect twice, or ran empty', () => {
    expect(check(run(0, 0, 1, [['add', 0, 1]], [0]), load(1, 2, 0, 2))).toContain('not linearizable');
    const again = { thread: 0, name: 'again', args: [], called: 0, returned: 1 };
    expect(check({ ...again, result: threw('EmptyBatchError') })).toBeUndefined();
    expect(check({ ...again, result: 1 })).toBe('T0 ran a batch a second time, and got 1');
    expect(check({ ...again, result: threw('TypeError') })).toContain('T0 ran a batch a second time');
  });

  it('rejects results that are missing', () => {
    expect(check(run(0, 0, 1, [['load', 0]], []))).toBe('T0 ran 1 operations and got []');
    expect(check(run(0, 0, Infinity, [['load', 0]], undefined))).toBe('T0 never came back from a batch');
  });

  it('knows every operation', () => {
    const calls: BatchCall[] = [
      ['store', 0, 12],
      ['sub', 0, 2],
      ['and', 0, 6],
      ['or', 0, 9],
      ['xor', 0, 1],
      ['exchange', 0, 5],
      ['compareExchange', 0, 5, 7],
      ['load', 0],
    ];
    expect(check(run(0, 0, 1, calls, [12, 12, 10, 2, 11, 10, 5, 7]))).toBeUndefined();
  });
});
