import { type Codec, codecs, MpmcQueue } from 'threadproof/runtime';
import { expect, test } from 'vitest';

/** A codec of one's own: a colour in one word. */
const colour: Codec<readonly [red: number, green: number, blue: number]> = {
  name: 'colour',
  words: 1,
  write(words, index, [red, green, blue]) {
    words[index] = (red << 16) | (green << 8) | blue;
  },
  read(words, index) {
    const word = words[index] ?? 0;
    return [word >> 16, (word >> 8) & 255, word & 255];
  },
};

test('pixels in a queue', () => {
  const pixel = codecs.struct({ x: codecs.int32, y: codecs.int32, colour });
  const view = new Int32Array(new SharedArrayBuffer(MpmcQueue.cells(8, pixel) * 4));
  const queue = MpmcQueue.create(view, 0, 8, pixel);
  queue.put({ x: 1, y: 2, colour: [255, 128, 0] });
  expect(queue.take()).toEqual({ x: 1, y: 2, colour: [255, 128, 0] });
  expect(() => queue.put({ x: 0.5, y: 2, colour: [0, 0, 0] })).toThrow('int32 holds an integer');
});
