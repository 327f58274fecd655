import { describe, expect, it, vi } from 'vitest';
import { AlignmentError, BoundsError, OutOfMemoryError } from '../errors.ts';
import { SharedMemory } from './shared-memory.ts';

const PAGE = 65_536;

describe('W-1 SharedMemory', () => {
  it('is 16 MiB, all zero, able to grow to 1 GiB, unless told otherwise', () => {
    const memory = SharedMemory.create();
    expect(memory.byteLength).toBe(16 * 1024 * 1024);
    expect(memory.maximumBytes).toBe(1024 ** 3);
    expect(memory.uint8(0, memory.byteLength).every((byte) => byte === 0)).toBe(true);
  });

  it('rounds sizes up to whole pages', () => {
    const memory = SharedMemory.create({ initialBytes: 1, maximumBytes: PAGE + 1 });
    expect(memory.byteLength).toBe(PAGE);
    expect(memory.maximumBytes).toBe(2 * PAGE);
    expect(SharedMemory.create({ initialBytes: 2 * PAGE, maximumBytes: 2 * PAGE }).byteLength).toBe(2 * PAGE);
  });

  it('makes views of every kind with the length that was asked for', () => {
    const memory = SharedMemory.create({ initialBytes: PAGE });
    const views = [
      memory.int8(1, 3),
      memory.uint8(1, 3),
      memory.int16(2, 3),
      memory.uint16(2, 3),
      memory.int32(4, 3),
      memory.uint32(4, 3),
      memory.float32(4, 3),
      memory.float64(8, 3),
      memory.bigInt64(8, 3),
      memory.bigUint64(8, 3),
    ];
    memory.grow(2 * PAGE);
    for (const view of views) {
      expect(view.buffer).toBe(memory.buffer);
      expect(view.length).toBe(3);
      expect(view.byteOffset).toBe(view.BYTES_PER_ELEMENT);
    }
    expect(memory.int32(PAGE * 2, 0).length).toBe(0);
  });

  it('reads and writes elements, which wrap', () => {
    const memory = SharedMemory.create({ initialBytes: PAGE });
    memory.writeInt32(4, 2 ** 31);
    expect(memory.readInt32(4)).toBe(-(2 ** 31));
    expect(memory.readUint32(4)).toBe(2 ** 31);
    memory.writeUint32(PAGE - 4, -1);
    expect(memory.readUint8(PAGE - 1)).toBe(255);
    memory.writeUint8(0, 257);
    expect(memory.readUint8(0)).toBe(1);
    memory.writeFloat64(8, Math.PI);
    expect(memory.readFloat64(8)).toBe(Math.PI);
    memory.writeBigInt64(16, 2n ** 63n);
    expect(memory.readBigInt64(16)).toBe(-(2n ** 63n));
  });

  it('two memories are isolated', () => {
    const one = SharedMemory.create({ initialBytes: PAGE });
    const other = SharedMemory.create({ initialBytes: PAGE });
    one.writeInt32(0, 7);
    expect(other.readInt32(0)).toBe(0);
  });

  it('W-17: attaches by a cloned handle, sees the same bytes, writes none', () => {
    const memory = SharedMemory.create({ initialBytes: PAGE });
    memory.writeInt32(8, 5);
    const attached = SharedMemory.attach(structuredClone(memory.handle));
    expect(attached.readInt32(8)).toBe(5);
    attached.writeInt32(8, 6);
    expect(memory.readInt32(8)).toBe(6);
    expect(attached.maximumBytes).toBe(memory.maximumBytes);
    expect(() => SharedMemory.attach({ buffer: new ArrayBuffer(8) as unknown as SharedArrayBuffer })).toThrow(
      new TypeError(
        'a SharedMemory handle holds a SharedArrayBuffer, got [object ArrayBuffer]: ' +
          'pass the .handle of a SharedMemory, as it was sent',
      ),
    );
  });

  it('attaches to buffers of any size', () => {
    const memory = SharedMemory.attach({ buffer: new SharedArrayBuffer(13) });
    expect(memory.readInt32(8)).toBe(0);
    expect(memory.readUint8(12)).toBe(0);
    expect(() => memory.readInt32(12)).toThrow(BoundsError);
    expect(() => memory.readFloat64(8)).toThrow(BoundsError);
    expect(memory.maximumBytes).toBe(13);
  });
});

describe('G1 growth', () => {
  it('keeps the buffer, the bytes and the views, for all who are attached', () => {
    const memory = SharedMemory.create({ initialBytes: PAGE });
    const attached = SharedMemory.attach(memory.handle);
    const view = memory.int32(0, 4);
    const { buffer } = memory;
    expect(memory.grow(PAGE + 1)).toBe(2 * PAGE);
    expect(memory.buffer).toBe(buffer);
    expect(attached.byteLength).toBe(2 * PAGE);
    view[3] = 9;
    expect(attached.readInt32(12)).toBe(9);
    attached.writeBigInt64(2 * PAGE - 8, 4n);
    expect(memory.readBigInt64(2 * PAGE - 8)).toBe(4n);
    expect(memory.readFloat64(PAGE)).toBe(0);
    expect(memory.readUint8(2 * PAGE - 8)).toBe(4);
  });

  it('to no more than there is does nothing', () => {
    const memory = SharedMemory.create({ initialBytes: 2 * PAGE });
    expect(memory.grow(1)).toBe(2 * PAGE);
    expect(memory.grow(2 * PAGE)).toBe(2 * PAGE);
  });

  it('beyond the maximum is refused, with the numbers', () => {
    const memory = SharedMemory.create({ initialBytes: PAGE, maximumBytes: 2 * PAGE });
    const grow = () => memory.grow(2 * PAGE + 1);
    expect(grow).toThrow(OutOfMemoryError);
    expect(grow).toThrow(
      'the memory of 65536 bytes cannot grow to 196608: its maximumBytes allows 131072 at most',
    );
    expect(grow).toThrow(expect.objectContaining({ requestedBytes: 196_608, freeBytes: 65_536 }));
    expect(memory.byteLength).toBe(PAGE);
  });

  it('is content when another thread grows further in between, and reports when the system refuses', () => {
    const memory = SharedMemory.create({ initialBytes: PAGE, maximumBytes: 4 * PAGE });
    const grow = memory.buffer.grow.bind(memory.buffer);
    const spy = vi.spyOn(SharedArrayBuffer.prototype, 'grow');
    spy.mockImplementationOnce(() => {
      grow(3 * PAGE);
      throw new RangeError('smaller than it is');
    });
    expect(memory.grow(2 * PAGE)).toBe(3 * PAGE);
    spy.mockImplementationOnce(() => {
      throw new RangeError('no pages left');
    });
    expect(() => memory.grow(4 * PAGE)).toThrow(
      'the system (RangeError: no pages left) allows 262144 at most',
    );
    spy.mockRestore();
  });
});

describe('G2 bounds and alignment', () => {
  const memory = SharedMemory.create({ initialBytes: PAGE, maximumBytes: 2 * PAGE });

  it('offset 5 is no int32', () => {
    const message = 'offset 5 is no multiple of 4, the size of int32 in bytes: the nearest are 4 and 8';
    expect(() => memory.readInt32(5)).toThrow(new AlignmentError(message));
    expect(() => memory.writeInt32(5, 1)).toThrow(new AlignmentError(message));
    expect(() => memory.int32(5, 1)).toThrow(new AlignmentError(message));
    expect(() => memory.readFloat64(4)).toThrow(AlignmentError);
    expect(() => memory.bigInt64(4, 1)).toThrow(AlignmentError);
  });

  it('nothing leaves the memory', () => {
    expect(() => memory.readInt32(PAGE)).toThrow(
      new BoundsError(
        '4 bytes of int32 from offset 65536 end at 65540, but the memory has 65536 bytes: stay inside it, or grow it first',
      ),
    );
    expect(() => memory.writeUint8(PAGE, 1)).toThrow(BoundsError);
    expect(() => memory.int32(PAGE - 8, 3)).toThrow('12 bytes of int32 from offset 65528 end at 65540');
    expect(() => memory.uint8(0, Infinity)).toThrow(BoundsError);
  });

  it.each([[-4], [0.5], [NaN], [Infinity]])('offset %s is none', (offset) => {
    const message = `int32 takes an offset in bytes, got ${offset}: pass an integer of 0 or more`;
    expect(() => memory.readInt32(offset)).toThrow(new BoundsError(message));
    expect(() => memory.int32(offset, 1)).toThrow(new BoundsError(message));
  });

  it.each([[-1], [1.5], [NaN]])('length %s is none', (length) => {
    expect(() => memory.int32(0, length)).toThrow(
      new BoundsError(`int32 takes a length in elements, got ${length}: pass an integer of 0 or more`),
    );
  });
});

describe('sizes', () => {
  it.each([[0], [-1], [1.5], [NaN], [Infinity]])('%s is none', (bytes) => {
    const message = (name: string) =>
      `${name} is a size in bytes, got ${bytes}: pass an integer of at least 1`;
    expect(() => SharedMemory.create({ initialBytes: bytes })).toThrow(
      new RangeError(message('initialBytes')),
    );
    expect(() => SharedMemory.create({ maximumBytes: bytes })).toThrow(
      new RangeError(message('maximumBytes')),
    );
    const memory = SharedMemory.create({ initialBytes: PAGE });
    expect(() => memory.grow(bytes)).toThrow(new RangeError(message('minimumBytes')));
  });

  it('the maximum is not below the initial size, nor above 4 GiB', () => {
    expect(() => SharedMemory.create({ initialBytes: 2 * PAGE, maximumBytes: PAGE })).toThrow(
      new RangeError('maximumBytes (65536) is below initialBytes (131072): raise it, or begin smaller'),
    );
    expect(() => SharedMemory.create({ maximumBytes: 2 ** 32 + 1 })).toThrow(
      new RangeError('maximumBytes is at most 4294967296 bytes (4 GiB), got 4294967297'),
    );
  });

  it('says so when the system refuses', () => {
    vi.stubGlobal('SharedArrayBuffer', function refuse() {
      throw new RangeError('Array buffer allocation failed');
    });
    const create = () => SharedMemory.create({ initialBytes: PAGE, maximumBytes: PAGE });
    expect(create).toThrow(OutOfMemoryError);
    expect(create).toThrow(
      'the system refuses a memory of 65536 bytes that may grow to 65536 (RangeError: Array buffer allocation failed)',
    );
    vi.unstubAllGlobals();
  });
});
