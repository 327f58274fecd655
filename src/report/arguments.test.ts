import { expect, test } from 'vitest';
import { withNegativeNumbers } from './arguments.ts';

test.each([
  [
    ['explore', 'a.ts', '--seed', '-1', '--json'],
    ['explore', 'a.ts', '--seed=-1', '--json'],
  ],
  [['--time', '-.5'], ['--time=-.5']],
  [
    ['--seed=5', '-1', '-h', '--json'],
    ['--seed=5', '-1', '-h', '--json'],
  ],
  [['-1'], ['-1']],
])('%j is read as %j', (argv, expected) => {
  expect(withNegativeNumbers(argv)).toEqual(expected);
});
