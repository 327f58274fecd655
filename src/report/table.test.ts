import { expect, test } from 'vitest';
import { renderTable } from './table.ts';

test('numbers stand to the right with separators, text to the left', () => {
  const text = renderTable(
    ['name', 'count'],
    [
      ['a', 1234567],
      ['longer', 2],
    ],
  );
  expect(text.split('\n')).toEqual([
    'name        count',
    '------  ---------',
    'a       1,234,567',
    'longer          2',
  ]);
});

test('no rows: the head alone', () => {
  expect(renderTable(['name'], [])).toBe('name\n----');
});
