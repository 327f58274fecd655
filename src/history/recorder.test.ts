import { describe, expect, it } from 'vitest';
import { threw } from './history.ts';
import { formatLines } from './notation.ts';
import { Recorder } from './recorder.ts';

describe('Recorder', () => {
  it('numbers calls and returns in one order', () => {
    const recorder = new Recorder();
    const lock = recorder.call(0, 'lock', []);
    const add = recorder.call(1, 'add', [2]);
    recorder.return(add, 0);
    recorder.call(1, 'lock', []);
    recorder.throw(lock, new RangeError('too much'));
    expect(formatLines(recorder.history())).toBe(
      ['T0 [0,4] lock() -> threw(RangeError)', 'T1 [1,2] add(2) -> 0', 'T1 [3,) lock()'].join('\n'),
    );
    expect(recorder.history()[0]?.result).toMatchObject({ message: 'too much' });
  });

  it('keeps a history apart from what is recorded later', () => {
    const recorder = new Recorder();
    const id = recorder.call(0, 'add', [1]);
    const history = recorder.history();
    recorder.return(id, 5);
    recorder.reset();
    expect(recorder.call(3, 'load', [])).toBe(0);
    expect(formatLines(history)).toBe('T0 [0,) add(1)');
    expect(formatLines(recorder.history())).toBe('T3 [0,) load()');
  });

  it('names what was thrown that is no error by its type', () => {
    const recorder = new Recorder();
    recorder.throw(recorder.call(0, 'add', []), 'text');
    expect(recorder.history()[0]?.result).toEqual(threw('string'));
  });

  it('refuses to end an operation twice, or one it does not know', () => {
    const recorder = new Recorder();
    const id = recorder.call(0, 'add', []);
    recorder.return(id, undefined);
    expect(() => recorder.return(id, 1)).toThrow('operation 0 is not open');
    expect(() => recorder.throw(id, new Error('late'))).toThrow('operation 0 is not open');
    expect(() => recorder.return(7, 1)).toThrow('operation 7 is not open');
    recorder.reset();
    expect(() => recorder.return(id, 1)).toThrow('operation 0 is not open');
  });
});
