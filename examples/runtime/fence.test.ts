import { fence } from 'threadproof/runtime';
import { expect, test } from 'vitest';

// Cells: 0 to 2 a message, written plainly; 3 how many messages there were; 4 the word of the fences.
function send(view: Int32Array<SharedArrayBuffer>, message: readonly number[], number: number): void {
  view.set(message);
  fence(view, 4);
  Atomics.store(view, 3, number);
}

function receive(view: Int32Array<SharedArrayBuffer>, number: number): number[] | undefined {
  if (Atomics.load(view, 3) < number) return undefined;
  fence(view, 4);
  return [...view.subarray(0, 3)];
}

test('what was written before the fence is there after it', () => {
  const view = new Int32Array(new SharedArrayBuffer(32));
  expect(receive(view, 1)).toBeUndefined();
  send(view, [1, 2, 3], 1);
  expect(receive(view, 1)).toEqual([1, 2, 3]);
  expect(view[4]).toBe(0); // its value is neither used nor changed
});
