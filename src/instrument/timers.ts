/**
 * What runs something later has no place in an execution: a thread's body is plain synchronous code, and nobody waits for what it leaves behind. It is refused, with the
 * remedy: the global timers, those of `node:timers` and `node:timers/promises`, `queueMicrotask` and `process.nextTick`.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import promises from 'node:timers/promises';
import type { AnyFunction, Host } from './host.ts';

const timerNames = ['setTimeout', 'setInterval', 'setImmediate'] as const;

const guards = new WeakSet<AnyFunction>();

type Owner = Record<string, AnyFunction>;

export function installTimers(host: Host): void {
  const global = globalThis as unknown as Owner;
  for (const name of timerNames) {
    refuse(host, global, name, name);
    refuse(host, timers as unknown as Owner, name, `${name} of node:timers`);
    refuse(host, promises as unknown as Owner, name, `${name} of node:timers/promises`);
  }
  const scheduler = Object.getPrototypeOf(promises.scheduler) as Owner;
  for (const name of ['wait', 'yield'])
    refuse(host, scheduler, name, `scheduler.${name} of node:timers/promises`);
  refuse(host, global, 'queueMicrotask', 'queueMicrotask');
  // Node's own streams call it as everybody does: a thread that prints has done nothing wrong.
  refuse(host, process as unknown as Owner, 'nextTick', 'process.nextTick', isCalledByNode);
  // For `import { setTimeout } from 'node:timers'`.
  syncBuiltinESMExports();
}

/** Puts a proxy in the place of a function, so that all else about it stays. */
function refuse(host: Host, owner: Owner, name: string, what: string, isExempt?: () => boolean): void {
  const property = Object.getOwnPropertyDescriptor(owner, name);
  if (property?.value === undefined) return;
  const guard = (fn: AnyFunction): AnyFunction => {
    const guarding = new Proxy(fn, {
      apply(original, self, args) {
        if (host.immediate !== undefined && isExempt?.() !== true)
          (host.helpers['X'] as (what: string, site: number) => never)(what, -1);
        return Reflect.apply(original as (...args: unknown[]) => unknown, self, args);
      },
    });
    guards.add(guarding);
    return guarding;
  };
  let current = guard(property.value as AnyFunction);
  if (isExempt === undefined) Object.defineProperty(owner, name, { ...property, value: current });
  else
    Object.defineProperty(owner, name, {
      configurable: true,
      enumerable: property.enumerable === true,
      get: () => current,
      // A test runner puts the platform's back now and then.
      set(fn: AnyFunction) {
        current = typeof fn !== 'function' || guards.has(fn) ? fn : guard(fn);
      },
    });
}

/** Whether the caller of the function that was refused is a module of Node's. */
function isCalledByNode(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 3;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  // Below the message: this function, the trap, the caller.
  return /\(?node:[\w/]+:\d+:\d+\)?$/.test(stack.split('\n')[3] ?? '');
}
