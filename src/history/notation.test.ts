import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type History, threw } from './history.ts';
import { formatDiagram, formatLines, parseHistory } from './notation.ts';
import { Recorder } from './recorder.ts';
import { assertWellFormed } from './well-formed.ts';

const handover = `
T0  |--- lock() ---|   |--- unlock() ---|
T1        |--- add(2, "x") -> 0 ---|       |--- lock() -> threw(RelockError) ---|
T12                                     |--- lock() -------------------------------`;

const handoverLines = [
  'T0 [0,2] lock()',
  'T1 [1,4] add(2, "x") -> 0',
  'T0 [3,6] unlock()',
  'T12 [5,) lock()',
  'T1 [7,8] lock() -> threw(RelockError)',
].join('\n');

/** Well-formed histories of up to four threads: a choice ends its thread's operation, or starts one. */
const histories: fc.Arbitrary<History> = fc
  .array(
    fc.record({
      thread: fc.nat(3),
      name: fc.constantFrom('lock', 'add', 'load'),
      value: fc.constantFrom(undefined, 0, -1, 3n, 'a | b -> "c" ---|', true, threw('E'), [1, 'x']),
    }),
    { maxLength: 24 },
  )
  .map((choices) => {
    const recorder = new Recorder();
    const open = new Map<number, number>();
    for (const { thread, name, value } of choices) {
      const id = open.get(thread);
      if (id === undefined)
        open.set(thread, recorder.call(thread, name, value === undefined ? [] : [value, 1]));
      else recorder.return(id, value);
      if (id !== undefined) open.delete(thread);
    }
    return recorder.history();
  });

describe('the notation of histories', () => {
  it('reads a diagram: columns are time', () => {
    expect(formatLines(parseHistory(handover))).toBe(handoverLines);
  });

  it('reads lines, on one line too, and skips comments', () => {
    expect(formatLines(parseHistory(handoverLines))).toBe(handoverLines);
    expect(parseHistory(`# a comment\n\n${handoverLines.replaceAll('\n', '; ')};`)).toEqual(
      parseHistory(handoverLines),
    );
  });

  it('draws', () => {
    expect(formatDiagram(parseHistory(handoverLines))).toBe(
      [
        'T0  |--- lock() ---| |--- unlock() ---|',
        'T1   |--- add(2, "x") -> 0 ---|        |--- lock() -> threw(RelockError) ---|',
        'T12                            |--- lock() ----------------------------------',
      ].join('\n'),
    );
    expect(formatDiagram([])).toBe('');
  });

  it('reads back what it writes, in both forms', () => {
    fc.assert(
      fc.property(histories, (history) => {
        assertWellFormed(history);
        expect(parseHistory(formatLines(history))).toEqual(history);
        expect(parseHistory(formatDiagram(history))).toEqual(history);
      }),
      { numRuns: 500 },
    );
  });

  it('draws a malformed history in several rows of one thread', () => {
    const drawn = formatDiagram(parseHistory('T0 [0,3] lock(); T0 [1,2] add(1)'));
    expect(drawn).toBe('T0 |--- lock() -----|\nT0  |--- add(1) ---|');
    expect(formatLines(parseHistory(drawn))).toBe('T0 [0,3] lock()\nT0 [1,2] add(1)');
  });

  it('puts calls before returns in one column', () => {
    const history = parseHistory(['T0 |--- a() ---|', 'T1             |--- b() ---|'].join('\n'));
    expect(formatLines(history)).toBe('T0 [0,2] a()\nT1 [1,3] b()');
  });

  it.each([
    ['lock()', 'expected a thread, as in T0 at column 1 of:\nlock()\n^'],
    ['T0 [0,1 lock()', 'expected ] at column 9'],
    ['T0 [0,1] lock', 'expected ( at column 14'],
    ['T0 [0,1] lock() -> maybe', 'expected a value, not "maybe"'],
    ['T0 [0,1] lock() T1', 'expected ; at column 17'],
    ['T0 |--- lock() x', 'expected the end of an operation, ---| or --- when it is pending at column 16'],
    ['T0 |--- lock() --- x', 'expected | or the end of the line at column 20'],
  ])('shows what is wrong with %j', (text, message) => {
    expect(() => parseHistory(text)).toThrow(message);
  });
});
