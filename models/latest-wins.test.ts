import { expect, it } from 'vitest';
import { checkLine } from './latest-wins.ts';

const check = (events: string, processed: number, dropped: number): string | undefined =>
  checkLine(events.split(', '), 1, { offered: processed + dropped, processed, dropped, queued: 0 });

it.each([
  ['offer 1, begin 1, done 1', 1, 0],
  ['offer 1, begin 1, offer 2, offer 3, drop 2, done 1, begin 3, done 3', 2, 1],
  ['offer 1, begin 1, offer 2, drop 2, done 1', 1, 1],
])('C-11: the model accepts %s', (events, processed, dropped) => {
  expect(check(events, processed, dropped)).toBeUndefined();
});

it.each([
  ['offer 1, begin 1, offer 2, offer 3, drop 2, done 1, begin 2, done 2', 2, 1],
  ['offer 1, begin 1, offer 2, offer 3, drop 3, done 1, begin 2, done 2', 2, 1],
  ['offer 1, begin 1, offer 2, begin 2, done 1, done 2', 2, 0],
  ['offer 1, begin 1, offer 2, offer 3, done 1, begin 2, done 2, begin 3, done 3', 3, 0],
  ['offer 1, begin 1, offer 2, done 1', 1, 0],
  ['offer 1, begin 1, done 1', 2, 0],
])('C-11: the model rejects %s', (events, processed, dropped) => {
  expect(check(events, processed, dropped)).toBeDefined();
});
