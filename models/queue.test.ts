import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { boundedQueue, checkQueue, compare, inbox } from './queue.ts';

const queue = (text: string, stuck = false) => compare(boundedQueue(2), parseHistory(text), stuck);
const mail = (text: string, stuck = false) => compare(inbox(2), parseHistory(text), stuck);

describe('boundedQueue', () => {
  it.each([
    'T0 [0,1] put(1); T0 [2,3] put(2); T1 [4,5] take() -> 1; T1 [6,7] take() -> 2',
    'T0 [0,3] put(1); T1 [1,2] tryPut(2) -> true; T0 [4,5] take() -> 2',
    'T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,5] tryPut(3) -> false; T0 [6,7] putFor(3, 5) -> false',
    'T0 [0,1] tryTake(); T0 [2,3] takeFor(5)',
    'T0 [0,3] take() -> 1; T1 [1,2] put(1)',
    'T0 [0,1] put(1); T1 [2,3] close() -> true; T1 [4,5] close() -> false; T0 [6,7] put(2) -> threw(ClosedError); T0 [8,9] take() -> 1',
    'T0 [0,3] take() -> threw(ClosedError); T1 [1,2] close() -> true; T1 [4,5] isClosed() -> true',
  ])('accepts %s', (text) => {
    expect(queue(text)).toBeUndefined();
  });

  it.each([
    ['an item out of order', 'T0 [0,1] put(1); T0 [2,3] put(2); T1 [4,5] take() -> 2'],
    ['an item twice', 'T0 [0,1] put(1); T1 [2,3] take() -> 1; T1 [4,5] tryTake() -> 1'],
    ['an item from nowhere', 'T0 [0,1] put(1); T1 [2,3] take() -> 3'],
    ['an item lost', 'T0 [0,1] put(1); T1 [2,3] tryTake()'],
    ['a refusal with space', 'T0 [0,1] tryPut(1) -> false'],
    ['a third item', 'T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,5] put(3)'],
    ['a put after the close', 'T0 [0,1] close() -> true; T0 [2,3] put(1)'],
    [
      'a close of a queue with an item',
      'T0 [0,1] put(1); T0 [2,3] close() -> true; T1 [4,5] take() -> threw(ClosedError)',
    ],
    ['nothing instead of closed', 'T0 [0,1] close() -> true; T0 [2,3] tryTake()'],
    ['two closers', 'T0 [0,2] close() -> true; T1 [1,3] close() -> true'],
  ])('rejects %s', (_, text) => {
    expect(queue(text)).toContain('not linearizable');
  });

  it.each([
    ['T0 [0,) take()', true],
    ['T0 [0,) take(); T1 [1,2] put(1)', false],
    ['T0 [0,) take(); T1 [1,) take(); T2 [2,3] put(1)', false],
    ['T0 [0,) take(); T1 [1,4] take() -> 1; T2 [2,3] put(1)', true],
    ['T0 [0,) take(); T1 [1,2] close() -> true', false],
    ['T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,) put(3)', true],
    ['T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,) put(3); T1 [5,6] take() -> 1', false],
    ['T0 [0,1] put(1); T0 [2,3] put(2); T0 [4,) put(3); T1 [5,6] close() -> true', false],
    ['T0 [0,) takeFor(5)', false],
  ])('when stuck, %s: %s', (text, fine) => {
    expect(queue(text, true) === undefined).toBe(fine);
  });
});

describe('checkQueue', () => {
  it.each([
    [
      'a take that finds nothing while a put is going on',
      'T0 [0,5] put(1); T1 [1,2] put(2); T2 [3,4] tryTake(); T2 [6,7] take() -> 1',
    ],
    [
      'a put that finds no space while a take is going on',
      'T0 [0,1] put(1); T0 [2,3] put(2); T1 [4,9] take() -> 1; T2 [5,6] take() -> 2; T0 [7,8] tryPut(3) -> false',
    ],
  ])('excuses %s, which the model does not', (_, text) => {
    expect(checkQueue(parseHistory(text), 2, false)).toBeUndefined();
    expect(queue(text)).toContain('not linearizable');
  });

  it.each([
    ['after the put', 'T0 [0,1] put(1); T1 [2,3] tryTake()'],
    [
      'while a put fails',
      'T0 [0,1] put(1); T0 [2,3] put(2); T1 [4,7] tryPut(3) -> false; T2 [5,6] tryTake()',
    ],
    ['of another item', 'T0 [0,5] put(1); T1 [1,2] tryTake(); T1 [3,4] take() -> 9'],
    ['with space, while a take finds nothing', 'T0 [0,3] tryTake(); T1 [1,2] tryPut(1) -> false'],
    ['with space, while a take throws', 'T0 [0,3] take() -> threw(ClosedError); T1 [1,2] tryPut(1) -> false'],
  ])('does not excuse a failure %s', (_, text) => {
    expect(checkQueue(parseHistory(text), 2, false)).toContain('not linearizable');
  });

  it('says when an operation is stuck', () => {
    expect(checkQueue(parseHistory('T0 [0,) take(); T1 [1,2] put(1)'), 2, true)).toContain(
      'never returned although it could have',
    );
    expect(checkQueue(parseHistory('T0 [0,) take(); T1 [1,) put(1)'), 2, false)).toBeUndefined();
  });
});

describe('inbox', () => {
  it.each([
    'T0 [0,1] offer(1) -> false; T0 [2,3] offer(2) -> false; T0 [4,5] offer(3) -> true; T1 [6,7] take() -> 2; T1 [8,9] tryTake() -> 3; T1 [10,11] takeFor(5)',
    'T0 [0,1] offer(1) -> false; T0 [2,3] offer(2) -> false; T0 [4,7] offer(3) -> false; T1 [5,6] take() -> 1',
    'T0 [0,1] close() -> true; T0 [2,3] offer(1) -> threw(ClosedError); T0 [4,5] take() -> threw(ClosedError); T0 [6,7] isClosed() -> true',
  ])('accepts %s', (text) => {
    expect(mail(text)).toBeUndefined();
  });

  it.each([
    [
      'X2: what was dropped',
      'T0 [0,1] offer(1) -> false; T0 [2,3] offer(2) -> false; T0 [4,5] offer(3) -> true; T1 [6,7] take() -> 1',
    ],
    ['a drop with space', 'T0 [0,1] offer(1) -> true'],
    [
      'the newest dropped',
      'T0 [0,1] offer(1) -> false; T0 [2,3] offer(2) -> false; T0 [4,5] offer(3) -> true; T1 [6,7] take() -> 2; T1 [8,9] take() -> 2',
    ],
    [
      'nothing, while there is something all the time',
      'T0 [0,1] offer(1) -> false; T0 [2,3] offer(2) -> false; T0 [4,7] offer(3) -> true; T1 [5,6] tryTake()',
    ],
  ])('rejects %s', (_, text) => {
    expect(mail(text)).toContain('not linearizable');
  });

  it('when stuck, a take waits only for an empty inbox', () => {
    expect(mail('T0 [0,) take()', true)).toBeUndefined();
    expect(mail('T0 [0,) take(); T1 [1,2] offer(1) -> false', true)).toContain('never returned');
  });

  it('describes its state', () => {
    expect(inbox(2).describeState({ items: [1, 2], closed: true })).toBe('[1, 2] closed');
  });
});
