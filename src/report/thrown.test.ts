import { expect, test } from 'vitest';
import { thrownAt } from './thrown.ts';

const home = new URL('../../', import.meta.url);
const withStack = (...frames: string[]): Error =>
  Object.assign(new Error('torn'), {
    stack: ['Error: torn', ...frames.map((f) => `    at ${f}`)].join('\n'),
  });

test('the frames of the author, the innermost first, by their own names', () => {
  const error = withStack(
    '$tp_tw_helper (/author/lock.mjs:2:38)',
    '$tp_tw_helper.next (<anonymous>)',
    `map (${new URL('src/instrument/builtins.ts', home).pathname}:9:9)`,
    'new Lock (file:///author/a%20b/lock.mjs:3:1)',
    'async Promise.all (index 0)',
    'Object.thread [as body] (/author/lock.mjs:5:76)',
    '/author/top.mjs:1:1',
    `VirtualExecutor.#schedule (${new URL('src/engine/virtual.ts', home).pathname}:590:32)`,
    `Agent.serve (${new URL('dist/engine/workers/agent.js', home).href}:90:16)`,
    'Object.caller (/author/main.mjs:7:1)',
    'async [worker eval]:5:3',
    'node:internal/modules/esm:1:2',
  );
  expect(thrownAt(error)).toBe('at helper (lock.mjs:2), Lock (lock.mjs:3), thread (lock.mjs:5), top.mjs:1');
});

test('the runtime is a subject like any other, and long stacks are cut', () => {
  const frame = `Mutex.unlock (${new URL('src/runtime/sync/mutex.ts', home).pathname}:40:1)`;
  expect(thrownAt(withStack(frame))).toBe('at Mutex.unlock (mutex.ts:40)');
  expect(thrownAt(withStack(...Array<string>(9).fill(frame)))).toBe(
    `at ${Array<string>(4).fill('Mutex.unlock (mutex.ts:40)').join(', ')}, ...`,
  );
});

const revoked = Proxy.revocable({}, {});
revoked.revoke();

test.each([
  ['a value that is no error', 5],
  ['an error without a stack', Object.assign(new Error('x'), { stack: undefined })],
  ['a stack of nothing but ours', withStack('node:internal/x:1:2')],
  ['a revoked proxy', revoked.proxy],
])('%s tells nothing', (_name, error) => {
  expect(thrownAt(error)).toBeUndefined();
});
