import { describe, expect, test } from 'vitest';
import { parseAstAsync } from 'vitest/node';
import { transform } from '../src/instrument/transform.ts';
import { type FunctionCoverage, project } from './projection.ts';

const plain = `function f(a) {
  if (a) g();
  else this.h();
  return { m() { return g(); } };
}
`;
const instrumented = transform(plain, { file: '/a.js' });

/** A range of V8's from one piece of the instrumented text to the end of another. */
function range(from: string, to: string, count: number, after = 0): FunctionCoverage['ranges'][number] {
  const startOffset = instrumented.code.indexOf(from, after);
  const endOffset = instrumented.code.indexOf(to, startOffset) + to.length;
  expect(Math.min(startOffset, endOffset - to.length)).toBeGreaterThanOrEqual(0);
  return { startOffset, endOffset, count };
}

async function countsOf(
  ranges: FunctionCoverage['ranges'],
  shift = 0,
): Promise<(place: string, more?: number) => number> {
  const text = `${' '.repeat(shift)}${instrumented.code}`;
  const lines = instrumented.code.split('\n').length;
  // Each line to the same line: what vite does between the plugin and V8 when a module imports nothing.
  const executedMap = {
    version: 3 as const,
    names: [],
    sources: ['a'],
    mappings: ['AAAA', ...Array(lines - 1).fill('AACA')].join(';'),
  };
  const moved = ranges.map((r) => ({
    ...r,
    startOffset: r.startOffset + shift,
    endOffset: r.endOffset + shift,
  }));
  const [found] = project(
    [{ functionName: '', isBlockCoverage: true, ranges: moved }],
    shift,
    {
      executed: text.slice(shift),
      executedMap,
      instrumented: instrumented.code,
      copies: instrumented.copies(),
      plain,
    },
    await parseAstAsync(plain),
  );
  return (place, more = 0) => {
    const at = plain.indexOf(place) + more;
    return found!.ranges.find(({ startOffset, endOffset }) => startOffset <= at && at < endOffset)!.count;
  };
}

const everything = { startOffset: 0, endOffset: instrumented.code.length, count: 1 };
const plainFunction = range('function f', '}\n', 0);
const twin = instrumented.code.indexOf('function* ');

describe('a place counts as often as all its copies', () => {
  test('only the twin ran', async () => {
    const count = await countsOf([everything, plainFunction, range('function* ', '\n}', 3, twin)]);
    expect(count('function')).toBe(3);
    expect(count('if')).toBe(3);
    expect(count('g()')).toBe(3);
  });

  test('both ran', async () => {
    const count = await countsOf([
      everything,
      { ...plainFunction, count: 2 },
      range('function* ', '\n}', 3, twin),
    ]);
    expect(count('if')).toBe(5);
  });

  test('neither ran', async () => {
    const count = await countsOf([everything, plainFunction, range('function* ', '\n}', 0, twin)]);
    expect(count('function')).toBe(0);
    expect(count('return')).toBe(0);
  });

  test('a wrapper in front moves nothing', async () => {
    const ranges = [everything, plainFunction, range('function* ', '\n}', 3, twin)];
    expect((await countsOf(ranges, 7))('if')).toBe(3);
  });
});

test('a branch without braces is asked for one place behind its start', async () => {
  const inTwin = instrumented.code.indexOf('if (', twin);
  const elseAt = instrumented.code.indexOf('else', inTwin);
  const body = range('function* ', '\n}', 3, twin);
  const missed = {
    startOffset: elseAt + 'else '.length,
    endOffset: instrumented.code.indexOf('\n', elseAt),
    count: 0,
  };
  const count = await countsOf([everything, plainFunction, body, missed]);
  expect(count('this.h', 1)).toBe(0);
  expect(count('g()', 1)).toBe(3);
});

test('a method of a literal is asked for at its name', async () => {
  const body = range('function* ', '\n}', 3, twin);
  const count = await countsOf([everything, plainFunction, body]);
  expect(count('m()')).toBe(count('m()', 1));
});
