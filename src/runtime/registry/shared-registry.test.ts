import { describe, expect, it } from 'vitest';
import { codecs } from '../codec.ts';
import {
  AlignmentError,
  BoundsError,
  ClosedError,
  NotCreatedError,
  ReentryError,
  TooManyThreadsError,
} from '../errors.ts';
import { SharedRegistry } from './shared-registry.ts';

const pair = codecs.struct<{ a: number; b: number }>({ a: codecs.int32, b: codecs.float64 });
const view = (cells = 4096): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * cells));

describe('D-6, D-7: SharedRegistry, by one thread', () => {
  it('is empty at first; records come, change and go; each commit is a version', () => {
    const registry = SharedRegistry.create(view(), 16, { keys: 3, writers: 2 }, pair);
    expect(registry.snapshot()).toEqual({ version: 0, records: [undefined, undefined, undefined] });
    expect(registry.set(1, { a: 5, b: 0.5 })).toBe(1);
    expect(registry.get(1)).toEqual({ a: 5, b: 0.5 });
    expect(registry.get(0)).toBeUndefined();
    expect(registry.update(1, (r) => ({ a: r!.a + 1, b: -1 }))).toEqual({ a: 6, b: -1 }); // was set
    expect(registry.update(2, (r) => ({ a: r === undefined ? 1 : 0, b: 2 }))).toEqual({ a: 1, b: 2 });
    expect(registry.snapshot()).toEqual({
      version: 3,
      records: [undefined, { a: 6, b: -1 }, { a: 1, b: 2 }],
    });
    expect([registry.delete(1), registry.delete(1), registry.version()]).toEqual([true, false, 5]);
    expect(registry.snapshot().records).toEqual([undefined, undefined, { a: 1, b: 2 }]);
  });

  it('changes several records in one commit, or none when the writer throws', () => {
    const registry = SharedRegistry.create(view(), 0, { keys: 2 }, codecs.int32);
    const moved = registry.change((draft) => {
      draft.set(0, 7);
      draft.set(1, draft.get(0)! + 1); // just set
      return draft.delete(0);
    });
    expect(moved).toBe(true);
    expect(registry.snapshot()).toEqual({ version: 1, records: [undefined, 8] });
    expect(() =>
      registry.change((draft) => {
        draft.set(1, 99);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(() => registry.set(1, 0.5)).toThrow(RangeError);
    expect(registry.snapshot()).toEqual({ version: 1, records: [undefined, 8] });
  });

  it('counts accesses by key', () => {
    const registry = SharedRegistry.create(view(), 0, { keys: 2 }, codecs.int32);
    for (let i = 0; i < 5; i += 1) registry.get(1);
    registry.snapshot();
    registry.update(1, () => 1);
    expect([registry.accesses(0), registry.accesses(1)]).toEqual([0, 5]);
  });

  it('several handles see one registry, and create is not attach', () => {
    const one = SharedRegistry.create(view(), 0, { keys: 2, writers: 2 }, codecs.int32);
    const two = SharedRegistry.attach(structuredClone(one.handle), codecs.int32);
    for (let i = 0; i < 20; i += 1) (i % 2 === 0 ? one : two).update(0, (n = 0) => n + 1);
    expect([one.get(0), two.get(0), two.version()]).toEqual([20, 20, 20]);
  });

  it('has so many writers; readers do not count, and a place can be given back', () => {
    const { handle } = SharedRegistry.create(view(), 0, { keys: 1, writers: 2 }, codecs.int32);
    const handles = Array.from({ length: 3 }, () => SharedRegistry.attach(handle, codecs.int32));
    handles[0]!.set(0, 1); // of three
    handles[1]!.set(0, 2);
    expect(handles[2]!.get(0)).toBe(2);
    expect(() => handles[2]!.set(0, 3)).toThrow(TooManyThreadsError);
    handles[0]!.release();
    handles[0]!.release();
    handles[2]!.set(0, 3);
    expect([handles[0]!.get(0), handles[0]!.version()]).toEqual([3, 3]);
  });

  it('refuses a write inside a write', () => {
    const registry = SharedRegistry.create(view(), 0, { keys: 1 }, codecs.int32);
    expect(() => registry.update(0, () => registry.set(0, 1))).toThrow(ReentryError);
    expect(() => registry.change(() => registry.release())).toThrow(ReentryError);
    expect(registry.set(0, 4)).toBe(1);
  });

  it('refuses a draft after its write', () => {
    const registry = SharedRegistry.create(view(), 0, { keys: 1 }, codecs.int32);
    const draft = registry.change((open) => open);
    expect(() => draft.set(0, 1)).toThrow(ClosedError);
    expect(registry.get(0)).toBeUndefined();
  });

  it('refuses what is no key, no registry, no place for one', () => {
    const registry = SharedRegistry.create(view(), 0, { keys: 2 }, codecs.int32);
    for (const key of [-1, 2, 0.5, NaN]) {
      for (const call of [
        () => registry.get(key),
        () => registry.set(key, 1),
        () => registry.delete(key),
        () => registry.accesses(key),
        () => registry.change((draft) => draft.get(key)),
      ]) {
        expect(call).toThrow(BoundsError);
      }
    }
    const empty = SharedRegistry.attach({ ...registry.handle, view: view() }, codecs.int32);
    for (const call of [
      () => empty.get(0),
      () => empty.set(0, 1),
      () => empty.snapshot(),
      () => empty.version(),
    ]) {
      expect(call).toThrow(NotCreatedError);
    }
    expect(() => SharedRegistry.attach(registry.handle, codecs.float64)).toThrow(TypeError);
    for (const options of [{ keys: 0 }, { keys: 1.5 }, { keys: 1, writers: 0 }, { keys: 1, writers: 1025 }]) {
      expect(() => SharedRegistry.create(view(), 0, options, codecs.int32)).toThrow(RangeError);
    }
    expect(() => SharedRegistry.create(view(), 1, { keys: 1 }, codecs.int32)).toThrow(AlignmentError);
    expect(() => SharedRegistry.create(view(64), 0, { keys: 8 }, codecs.int32)).toThrow(BoundsError);
  });
});
