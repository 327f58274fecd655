import { describe, expect, it } from 'vitest';
import { isThrew, threw } from './history.ts';

describe('threw', () => {
  it('is a frozen record with the name only; the message is for the reader', () => {
    const error = threw('RelockError', 'T1 holds it');
    expect(error).toEqual({ threw: 'RelockError' });
    expect(error.message).toBe('T1 holds it');
    expect(Object.keys(error)).toEqual(['threw']);
    expect(Object.isFrozen(error)).toBe(true);
  });

  it('is recognised after a structured clone, and nothing else is', () => {
    expect(isThrew(structuredClone(threw('E', 'message')))).toBe(true);
    for (const other of [undefined, null, 'threw', 3n, {}, { threw: 1 }, new Error('E')]) {
      expect(isThrew(other)).toBe(false);
    }
  });
});
