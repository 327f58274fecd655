import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseAstAsync } from 'vitest/node';
import { type ChildScript, countsAt, Places, readChildScripts } from './child-processes.ts';

const url = 'file:///author/a.js';
const ranges = (...list: [number, number, number][]) => [
  {
    functionName: '',
    isBlockCoverage: true,
    ranges: list.map(([startOffset, endOffset, count]) => ({ startOffset, endOffset, count })),
  },
];

describe('what Node wrote', () => {
  test('is read for the wanted modules, half files are passed over', () => {
    const folder = mkdtempSync(join(tmpdir(), 'threadproof-'));
    try {
      const map = { version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA' };
      writeFileSync(
        join(folder, 'coverage-1.json'),
        JSON.stringify({
          result: [
            { url: 'file:///w/a.ts?x=1', functions: [] },
            { url: 'file:///w/b.ts', functions: [] },
            { url: 'file:///w/c.mjs', functions: [] },
            { url: 'file:///other/d.mjs', functions: [] },
            { url: 'node:fs', functions: [] },
          ],
          'source-map-cache': { 'file:///w/a.ts?x=1': { lineLengths: [3], data: map } },
        }),
      );
      writeFileSync(join(folder, 'coverage-2.json'), '{"result":[');
      writeFileSync(join(folder, 'notes.txt'), '');
      const scripts = readChildScripts(folder, (found) => found.startsWith('file:///w/'));
      expect(scripts).toEqual([
        { url: 'file:///w/a.ts', functions: [], source: { lineLengths: [3], map } },
        { url: 'file:///w/c.mjs', functions: [] },
      ]);
      expect(readChildScripts(`${pathToFileURL(folder).pathname}/absent`, () => true)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('counts by place in the author file', () => {
  const text = 'f();\nfunction f() {\n  g();\n}\n';

  test('a script that ran as it lies', () => {
    const places = new Places();
    const script: ChildScript = { url, functions: ranges([0, text.length, 1], [5, 28, 4]) };
    places.add(script, text);
    places.add(script, text);
    const at = (line: number, column: number): number => line * 2 ** 20 + column;
    expect(places.count(at(1, 0), at(1, 1))).toBe(2);
    expect(places.count(at(3, 2), at(3, 3))).toBe(8);
    expect(places.count(at(9, 0), at(9, 9))).toBe(0);
  });

  test('a module in another form asks for its places', async () => {
    const places = new Places();
    // The child marks `f` and, inside, only `g`: line 1 column 0 and line 3 column 2.
    places.add(
      {
        url,
        functions: ranges([0, 20, 1], [4, 20, 5]),
        source: { lineLengths: [20], map: { version: 3, sources: ['a'], names: [], mappings: 'AAAA,IAEE' } },
      },
      '',
    );
    const identity = ['AAAA', 'AACA', 'AACA,EAAE', 'AACF'].join(';');
    const [found] = countsAt(
      places,
      text,
      { version: 3, sources: ['a'], names: [], mappings: identity },
      await parseAstAsync(text),
    );
    const count = (offset: number) =>
      found!.ranges.find((r) => r.startOffset <= offset && offset < r.endOffset)!.count;
    expect(count(0)).toBe(1);
    // The function, the inside of its braces, and the statement in it.
    expect([count(5), count(text.indexOf('{') + 1), count(text.indexOf('g'))]).toEqual([5, 5, 5]);
  });
});
