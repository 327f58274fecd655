import { afterEach, describe, expect, test, vi } from 'vitest';
import { progress } from './progress.ts';

afterEach(() => vi.restoreAllMocks());

function watched(isTerminal: boolean): { readonly written: string[] } {
  const written: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const before = process.stderr.isTTY;
  process.stderr.isTTY = isTerminal;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    clock += 150;
    return clock;
  });
  restore = () => {
    process.stderr.isTTY = before;
  };
  return { written };
}

let clock = 0;
let restore = (): void => {};
afterEach(() => restore());

describe('a status line', () => {
  test('is rewritten on a terminal, a few times a second, and goes away', () => {
    const { written } = watched(true);
    const status = progress(10_000);
    for (let i = 0; i < 4; i++) status.update(() => `line ${i}`);
    status.clear();
    status.clear();
    expect(written).toEqual(['\rline 1\u001b[K', '\rline 3\u001b[K', '\r\u001b[K']);
  });

  test('elsewhere it is a line now and then', () => {
    const { written } = watched(false);
    const status = progress(400);
    for (let i = 0; i < 6; i++) status.update(() => `line ${i}`);
    status.clear();
    expect(written).toEqual(['line 2\n', 'line 5\n']);
  });

  test('quiet it is nothing', () => {
    const { written } = watched(true);
    const status = progress(1, true);
    for (let i = 0; i < 6; i++) status.update(() => `line ${i}`);
    status.clear();
    expect(written).toEqual([]);
  });
});
