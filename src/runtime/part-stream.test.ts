import { describe, expect, it } from 'vitest';
import { PartStream, streamed } from './part-stream.ts';

/** A stream, and what tells it. */
function oneStream() {
  let signal: AbortSignal | undefined;
  let tell: (value: unknown) => void = () => {};
  let resolve: (value: unknown) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const stream = new PartStream((left, onPart) => {
    signal = left;
    tell = onPart;
    return new Promise((onValue, onError) => {
      resolve = onValue;
      reject = onError;
    });
  });
  return {
    stream,
    signal: () => signal,
    tell: (value: unknown) => tell(value),
    resolve: (value: unknown) => resolve(value),
    reject: (error: unknown) => reject(error),
  };
}

const item = (value: unknown) => ({ done: false, value });
const end = { done: true, value: undefined };

describe('C-14: an answer in parts', () => {
  it('begins with the first next; the parts in their order, the result last, whether they were asked for before or after', async () => {
    const { stream, signal, tell, resolve } = oneStream();
    expect(signal()).toBeUndefined();
    const [first, second] = [stream.next(), stream.next()];
    for (const part of [1, 2, undefined]) tell(part);
    resolve('last');
    expect(await Promise.all([first, second, stream.next(), stream.next()])).toEqual(
      [1, 2, undefined, 'last'].map(item),
    );
    tell(5);
    expect([await stream.next(), await stream.next()]).toEqual([end, end]);
    expect(signal()?.aborted).toBe(false);
    const all: unknown[] = [];
    const other = oneStream();
    queueMicrotask(() => {
      other.tell('a');
      other.resolve('b');
    });
    for await (const part of other.stream) all.push(part);
    expect(all).toEqual(['a', 'b']);
  });

  it('tells of an error once, after the parts that came before', async () => {
    const { stream, tell, reject } = oneStream();
    const first = stream.next();
    tell(1);
    tell(2);
    reject(new RangeError('no more'));
    await first;
    await new Promise(setImmediate); // nobody listens, and nobody need
    expect(await stream.next()).toEqual(item(2));
    await expect(stream.next()).rejects.toThrow('no more');
    expect(await stream.next()).toEqual(end);
    const asking = oneStream();
    const asked = [asking.stream.next(), asking.stream.next()];
    asking.reject(new RangeError('none'));
    await expect(asked[0]).rejects.toThrow('none');
    expect(await asked[1]).toEqual(end);
  });

  it('return ends calls of next that are pending at once, and whoever answers is told', async () => {
    const { stream, signal, tell, reject } = oneStream();
    const asked = stream.next();
    expect(await stream.return()).toEqual(end);
    expect([await asked, signal()?.aborted]).toEqual([end, true]);
    tell(1);
    reject(new Error('given up'));
    expect(await stream.next()).toEqual(end);
    const unread = oneStream();
    const first = unread.stream.next();
    unread.tell(1);
    unread.tell(2);
    expect(await first).toEqual(item(1));
    await expect(unread.stream.throw(new TypeError('stop'))).rejects.toThrow('stop');
    expect([await unread.stream.next(), unread.signal()?.aborted]).toEqual([end, true]);
    const unbegun = oneStream();
    await unbegun.stream[Symbol.asyncDispose]();
    expect([await unbegun.stream.next(), unbegun.signal()]).toEqual([end, undefined]);
  });

  it('streamed options keep the listener and the signal that were given', () => {
    const [given, left] = [new AbortController(), new AbortController()];
    const told: unknown[] = [];
    const options = streamed(
      { signal: given.signal, onPart: (value: unknown, index: number) => told.push([value, index]) },
      left.signal,
      (value) => told.push(value),
    );
    options.onPart?.('x', 3);
    expect(told).toEqual([['x', 3], 'x']);
    given.abort('by the caller');
    expect(options.signal?.reason).toBe('by the caller');
    expect(streamed({}, left.signal, () => {})).toMatchObject({ signal: left.signal });
  });
});
