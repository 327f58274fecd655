/** Listeners of preliminary results: called in the context of their caller, and none can harm the pool. */
import type { RunOptions } from './pool-types.ts';

type Listener = RunOptions['onPart'];

export function listenerOf(onPart: Listener): Listener {
  if (onPart === undefined) return undefined;
  const bound = process.getBuiltinModule('node:async_hooks').AsyncResource.bind(onPart);
  return (value, index) => {
    try {
      bound(value, index);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
