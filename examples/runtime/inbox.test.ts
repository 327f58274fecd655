import { codecs, Inbox, SharedMemory } from 'threadproof/runtime';
import { expect, test } from 'vitest';

test('a thread that is slow sees the latest positions, not all of them', () => {
  const memory = SharedMemory.create({ initialBytes: 65_536 });
  const inbox = Inbox.create(memory.int32(0, Inbox.cells(1, codecs.int32)), 0, 1, codecs.int32);

  expect(inbox.offer(1)).toBe(false);
  expect(inbox.offer(2)).toBe(true); // 1 is dropped, and nobody will see it
  expect(inbox.take()).toBe(2);
  expect(inbox.stats()).toEqual({ offered: 2, taken: 1, dropped: 1, queued: 0 });
});
