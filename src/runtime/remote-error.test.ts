import { expect, it } from 'vitest';
import { BoundsError } from './errors.ts';
import { decodeThrown, encodeThrown } from './remote-error.ts';

const there = (thrown: unknown, callerStack?: string): unknown =>
  decodeThrown(structuredClone(encodeThrown(thrown)), callerStack);

class Refused extends RangeError {
  override readonly name = 'RefusedByServer';
  readonly status = 429;
  readonly retry = { afterMs: 5 };
  readonly callback = (): void => {};
}

it('C-4: an error keeps class, name, code, fields, stack and causes', () => {
  const root = Object.assign(new TypeError('root'), { code: 'EROOT' });
  const error = new Refused('no', { cause: new Error('middle', { cause: root }) });
  const back = there(error) as Refused & { className: string };
  expect(back).toBeInstanceOf(RangeError);
  expect(back).toMatchObject({ name: 'RefusedByServer', message: 'no', status: 429, retry: { afterMs: 5 } });
  expect(back.className).toBe('Refused');
  expect(back.stack).toBe(error.stack);
  expect(String(back.callback)).toContain('=>');
  const deepest = (back.cause as Error).cause as TypeError & { code: string };
  expect(deepest).toBeInstanceOf(TypeError);
  expect([deepest.message, deepest.code]).toEqual(['root', 'EROOT']);
  expect(Object.keys(back).sort()).toEqual(['callback', 'retry', 'status']);
});

it('C-4: what is no error comes back as it was, what cannot be cloned as its text', () => {
  expect([null, undefined, 7, 'text', 5n].map((thrown) => there(thrown))).toEqual([
    null,
    undefined,
    7,
    'text',
    5n,
  ]);
  expect(there({ reason: 'plain' })).toEqual({ reason: 'plain' });
  expect(there(Symbol('s'))).toBe('Symbol(s)');
  expect(there(() => 1)).toBe('() => 1');
});

it('C-4: aggregates, DOM exceptions and errors of the runtime', () => {
  const aggregate = there(new AggregateError([new RangeError('one'), null], 'several')) as AggregateError;
  expect(aggregate).toBeInstanceOf(AggregateError);
  expect(aggregate.errors[0]).toBeInstanceOf(RangeError);
  expect(aggregate.errors[1]).toBeNull();
  const abort = there(new DOMException('stop', 'AbortError')) as DOMException;
  expect(abort).toBeInstanceOf(DOMException);
  expect([abort.name, abort.message]).toEqual(['AbortError', 'stop']);
  const bounds = there(new BoundsError('outside')) as Error & { className: string };
  expect(bounds).toBeInstanceOf(RangeError);
  expect([bounds.name, bounds.className]).toEqual(['BoundsError', 'BoundsError']);
});

it('C-4: hostile errors never fail it', () => {
  const circular = new Error('round');
  circular.cause = circular;
  expect((there(circular) as Error).message).toBe('round');
  const getter = Object.defineProperty(new Error('getter'), 'code', {
    enumerable: true,
    get: () => {
      throw new Error('ha');
    },
  });
  expect((there(getter) as Error).message).toBe('getter');
  const noText = { toString: () => Symbol('no') };
  expect(there(Object.assign(() => {}, noText))).toBe('(no text)');
  const bare = Object.setPrototypeOf(new Error('bare'), null) as Error;
  expect((there(bare) as Error).message).toBe('bare');
  const stackless = new Error('no stack');
  Object.defineProperty(stackless, 'stack', { value: undefined });
  expect((there(stackless) as Error).stack).toBe('Error: no stack');
});

it('C-4: the stack of the caller comes below the stack of the thrower', () => {
  const error = new Error('far');
  expect((there(error, 'here') as Error).stack).toBe(`${error.stack}\n    --- asked for ---\nhere`);
});

it('W-14: errors that name each other are told in bounded size, and what cannot be looked at as text', () => {
  const children = Array.from({ length: 40 }, (_, n) => new Error(`child ${n}`));
  const all = new AggregateError(children, 'all');
  for (const child of children) child.cause = all;
  expect(JSON.stringify(encodeThrown(all)).length).toBeLessThan(1_000_000);
  expect((there(all) as AggregateError).errors[0]).toMatchObject({ message: 'child 0' });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(there(proxy)).toBe('(no text)');
  const keyless = new Proxy(new RangeError('odd'), { ownKeys: () => Object.keys(null as never) });
  expect(there(keyless)).toMatchObject({ name: 'RangeError', message: 'odd' });
});
