import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSchedule, encodeSchedule, type Schedule, ScheduleError, scheduleVersion } from './codec.ts';

const schedule: fc.Arbitrary<Schedule> = fc
  .record({
    threads: fc.integer({ min: 1, max: 64 }),
    gaps: fc.array(fc.tuple(fc.nat(40_000), fc.nat(63), fc.nat(1023)), { maxLength: 30 }),
    turns: fc.option(fc.record({ from: fc.nat(2 ** 40), quantum: fc.integer({ min: 1, max: 2 ** 20 }) }), {
      nil: undefined,
    }),
    steps: fc.nat(2 ** 40),
    fingerprint: fc.integer(),
  })
  .map(({ gaps, ...rest }) => {
    let at = 0;
    const deviations = gaps.map(([gap, thread, check]) => {
      at += gap;
      return { at, thread, check };
    });
    return { ...rest, deviations };
  });

const characters = fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyz_.-ABZ /');

describe('the schedule string', () => {
  test('round trip', () => {
    fc.assert(
      fc.property(schedule, (value) => {
        const text = encodeSchedule(value);
        expect(decodeSchedule(text)).toEqual(value);
        expect(decodeSchedule(`  ${text}\n`)).toEqual(value);
        // It survives a shell and a double click.
        expect(text).toMatch(/^[\w.]+$/);
      }),
      { numRuns: 500 },
    );
  });

  test('any one character changed, lost or doubled is noticed', () => {
    fc.assert(
      fc.property(schedule, fc.nat(), characters, (value, position, character) => {
        const text = encodeSchedule(value);
        const i = position % text.length;
        const replaced = text.slice(0, i) + character + text.slice(i + 1);
        const lost = text.slice(0, i) + text.slice(i + 1);
        const doubled = text.slice(0, i) + text[i] + text.slice(i);
        for (const damaged of [replaced, lost, doubled])
          if (damaged.trim() !== text) expect(() => decodeSchedule(damaged)).toThrow(ScheduleError);
      }),
      { numRuns: 2_000 },
    );
  });

  test('one in the middle of a long string: every position, every digit', () => {
    const text = encodeSchedule({
      threads: 3,
      steps: 75,
      fingerprint: -123_456_789,
      deviations: [
        { at: 2, thread: 1, check: 407 },
        { at: 40, thread: 2, check: 1000 },
      ],
    });
    for (let i = 0; i < text.length; i++)
      for (const digit of '0123456789abcdefghijklmnopqrstuvwxyz_.') {
        if (digit === text[i]) continue;
        expect(() => decodeSchedule(text.slice(0, i) + digit + text.slice(i + 1))).toThrow(ScheduleError);
      }
  });

  test.each([
    ['', /^"" is not a schedule: a schedule begins with tp1_$/],
    ['hello', /^"hello" is not a schedule/],
    ['tp1', /is not a schedule/],
    ['tp1_', /is damaged/],
    ['tp1__', /is damaged/],
    [
      'tp2_2_6.abc_0000',
      /^the schedule is of version tp2, this threadproof reads tp1: find the failure again with explore$/,
    ],
    ['tp0_2_6.abc_0000', /of version tp0/],
    ['tp1_2_6.abc_0000', /is damaged \(its checksum differs\): copy it again, whole$/],
  ])('%j is refused, with what to do', (text, message) => {
    expect(() => decodeSchedule(text)).toThrow(ScheduleError);
    expect(() => decodeSchedule(text)).toThrow(message);
  });

  test('a right checksum over wrong fields is damage, too', () => {
    // As the codec computes it.
    const checksum = (text: string): string => {
      let hash = 0x811c9dc5;
      for (const c of text) hash = Math.imul(hash ^ c.charCodeAt(0), 0x01000193);
      return ((hash ^ (hash >>> 12)) & 0xfffff).toString(36).padStart(4, '0');
    };
    for (const body of [
      'tp1',
      'tp1_2',
      'tp1_2_',
      'tp1_2_6',
      'tp1_2_x.y.z_',
      'tp1_2_1.1_6.0',
      'tp1_2_1.._6.0',
      'tp1_2_1.1.1.1_6.0',
      `tp1_2_${'z'.repeat(30)}.1`,
    ])
      expect(() => decodeSchedule(`${body}_${checksum(body)}`), body).toThrow(ScheduleError);
    const good = 'tp1_2_1.1.1_6.0';
    expect(decodeSchedule(`${good}_${checksum(good)}`).threads).toBe(2);
  });

  test('long garbage is shown in part', () => {
    expect(() => decodeSchedule('x'.repeat(1_000))).toThrow(`"${'x'.repeat(40)}..." is not a schedule`);
  });

  test('random text never decodes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeSchedule(text)).toThrow(ScheduleError);
        expect(() => decodeSchedule(`${scheduleVersion}_${text}`)).toThrow(ScheduleError);
      }),
    );
  });
});
