import { describe, expect, it } from 'vitest';
import { threw } from '../history/history.ts';
import { blocked, complete, effectsOf, specification } from './specification.ts';

const queue = specification<readonly number[]>({
  name: 'queue',
  initial: () => [],
  operations: {
    put: (items, [item]: readonly [number], thread) => ({ state: [...items, item], result: thread }),
    take: (items) => (items.length === 0 ? blocked : { state: items.slice(1), result: items[0] }),
  },
  describeState: (items) => `<${items.join(' ')}>`,
});

describe('specification', () => {
  it('steps by the rule of the operation, with its arguments and thread', () => {
    expect(queue.step([1], { thread: 4, name: 'put', args: [2] })).toEqual({ state: [1, 2], result: 4 });
    expect(queue.step([], { thread: 4, name: 'take', args: [] })).toBe(blocked);
  });

  it('fills in what is not given', () => {
    expect(queue.describeState([1, 2])).toBe('<1 2>');
    expect(queue.describeCall({ thread: 0, name: 'put', args: [3n] })).toBe('put(3n)');
    expect(queue.key([1, 2])).toBe('[1,2]');
    expect(queue.sameResult(threw('E'), threw('E', 'message'))).toBe(true);
    expect(complete(queue)).toBe(queue);
    expect(complete({ name: 'unit', initial: () => 0, step: () => blocked }).describeState(0)).toBe('0');
  });

  it('names an unknown operation and the known ones', () => {
    expect(() => queue.step([], { thread: 0, name: 'constructor', args: [] })).toThrow(
      'specification "queue" has no operation "constructor"; it knows put, take',
    );
  });
});

describe('effectsOf', () => {
  it('lists effects', () => {
    const effect = { state: 0, result: 1 };
    expect(effectsOf(blocked)).toEqual([]);
    expect(effectsOf(effect)).toEqual([effect]);
    expect(effectsOf([effect, effect])).toEqual([effect, effect]);
  });
});
