import { expect, it } from 'vitest';
import { Guard } from './guard.ts';

it('unlocks once: at the end of the block, or earlier', () => {
  let unlocks = 0;
  const lock = {
    unlock() {
      unlocks += 1;
    },
  };
  {
    using held = new Guard(lock);
    expect(held).toBeInstanceOf(Guard);
    expect(unlocks).toBe(0);
  }
  expect(unlocks).toBe(1);
  {
    using held = new Guard(lock);
    held.release();
    expect(unlocks).toBe(2);
    held.release();
  }
  expect(unlocks).toBe(2);
});

it('unlocks when the block throws', () => {
  let unlocks = 0;
  const lock = {
    unlock() {
      unlocks += 1;
    },
  };
  expect(() => {
    using _held = new Guard(lock);
    throw new Error('inside');
  }).toThrow('inside');
  expect(unlocks).toBe(1);
});
