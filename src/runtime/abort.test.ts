import { expect, it } from 'vitest';
import { checkSignal, onAbort } from './abort.ts';

it('calls each back once, in order, but for those who took it back', () => {
  const abort = new AbortController();
  const called: number[] = [];
  const takeBack = [0, 1, 2, 3].map((n) => onAbort(abort.signal, () => called.push(n)));
  takeBack[1]!();
  takeBack[1]!();
  // One that is taken back by another's call does not come.
  onAbort(abort.signal, () => last());
  const last = onAbort(abort.signal, () => called.push(9));
  abort.abort();
  expect(called).toEqual([0, 2, 3]);
  takeBack[0]!();
  abort.abort();
  expect(called).toEqual([0, 2, 3]);
  onAbort(undefined, () => called.push(5))();
});

it('leaves no listener behind, and can begin anew', () => {
  const abort = new AbortController();
  let listeners = 0;
  const add = abort.signal.addEventListener.bind(abort.signal);
  const remove = abort.signal.removeEventListener.bind(abort.signal);
  abort.signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  abort.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  for (let round = 0; round < 2; round += 1) {
    const back = [onAbort(abort.signal, () => undefined), onAbort(abort.signal, () => undefined)];
    expect(listeners).toBe(1);
    for (const each of back) each();
    expect(listeners).toBe(0);
  }
  let called = 0;
  onAbort(abort.signal, () => {
    called += 1;
  });
  abort.abort();
  expect(called).toBe(1);
});

it('tells what is no signal', () => {
  checkSignal(undefined, 'a task');
  checkSignal(new AbortController().signal, 'a task');
  expect(() => checkSignal({} as AbortSignal, 'a task')).toThrow(
    'signal of a task is an AbortSignal, got [object Object]',
  );
});
