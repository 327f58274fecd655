import { describe, expect, it } from 'vitest';
import { parseHistory } from '../src/history/notation.ts';
import { checkLinearizable } from '../src/linearize/check.ts';
import { checkOnceTimeouts, once } from './once.ts';

const verdict = (text: string, stuck = false) =>
  checkLinearizable(once(), parseHistory(text), { stuck }).verdict;

describe('once', () => {
  it.each([
    'T0 [0,2] run("succeeds") -> "ran"; T1 [1,3] run("succeeds") -> "done"; T2 [4,5] isDone() -> true',
    'T0 [0,1] isDone() -> false; T0 [2,3] run("throws") -> threw(Error); T1 [4,5] run("succeeds") -> "ran"',
    'T0 [0,1] run("comes back") -> threw(ReentryError); T0 [2,3] run("succeeds") -> "ran"',
    'T0 [0,1] run("succeeds") -> "ran"; T0 [2,3] run("throws") -> "done"; T0 [4,5] runFor("comes back") -> "done"',
    'T0 [0,3] run("succeeds") -> "ran"; T1 [1,2] runFor("succeeds") -> threw(TimeoutError)',
    'T0 [0,1] runFor("succeeds") -> "ran"',
  ])('accepts %s', (text) => {
    expect(verdict(text)).toBe('linearizable');
  });

  it.each([
    'T0 [0,2] run("succeeds") -> "ran"; T1 [1,3] run("succeeds") -> "ran"',
    'T0 [0,1] run("succeeds") -> "done"',
    'T0 [0,1] run("throws") -> threw(Error); T1 [2,3] run("succeeds") -> "done"',
    'T0 [0,1] run("throws") -> "ran"',
    'T0 [0,1] run("succeeds") -> "ran"; T1 [2,3] run("throws") -> threw(Error)',
    'T0 [0,1] run("succeeds") -> "ran"; T1 [2,3] runFor("succeeds") -> threw(TimeoutError)',
    'T0 [0,1] run("succeeds") -> threw(TimeoutError)',
    'T0 [0,1] run("succeeds") -> "ran"; T1 [2,3] isDone() -> false',
    'T0 [0,1] run("succeeds") -> "returned, but the work is at 1"',
  ])('rejects %s', (text) => {
    expect(verdict(text)).toBe('not-linearizable');
  });

  it.each([
    ['T0 [0,1] run("throws") -> threw(Error); T1 [2,) run("succeeds")', 'not-linearizable'],
    ['T0 [0,1] run("succeeds") -> "ran"; T1 [2,) run("succeeds")', 'not-linearizable'],
  ])('never blocks for good: when stuck, %s is %s', (text, expected) => {
    expect(verdict(text, true)).toBe(expected);
  });

  it('describes its state', () => {
    expect([once().describeState(true), once().describeState(false)]).toEqual(['done', 'to be done']);
  });
});

describe('checkOnceTimeouts', () => {
  it.each([
    'T0 [0,3] run("succeeds") -> "ran"; T1 [1,2] runFor("succeeds") -> threw(TimeoutError)',
    'T0 [0,3] runFor("throws") -> threw(Error); T1 [1,2] runFor("succeeds") -> threw(TimeoutError)',
    'T0 [0,) run("succeeds"); T1 [1,2] runFor("succeeds") -> threw(TimeoutError)',
    'T1 [1,2] runFor("succeeds") -> "ran"',
  ])('accepts %s', (text) => {
    expect(checkOnceTimeouts(parseHistory(text))).toEqual({ ok: true });
  });

  it.each([
    'T0 [0,1] isDone() -> false; T1 [2,3] runFor("succeeds") -> threw(TimeoutError)',
    'T0 [0,1] run("throws") -> threw(Error); T1 [2,3] runFor("succeeds") -> threw(TimeoutError)',
    'T0 [0,4] isDone() -> false; T1 [2,3] runFor("succeeds") -> threw(TimeoutError)',
    'T0 [0,4] run("succeeds") -> "done"; T1 [2,3] runFor("succeeds") -> threw(TimeoutError)',
  ])('rejects %s', (text) => {
    expect(checkOnceTimeouts(parseHistory(text))).toEqual({
      ok: false,
      reason: 'T1 timed out, but nobody else was running',
      operations: [1],
    });
  });

  it('two that time out excuse neither', () => {
    const text =
      'T0 [0,3] runFor("succeeds") -> threw(TimeoutError); T1 [1,2] runFor("succeeds") -> threw(TimeoutError)';
    expect(checkOnceTimeouts(parseHistory(text))).toMatchObject({ ok: false, operations: [0] });
  });
});
