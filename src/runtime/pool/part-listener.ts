/** Listeners of preliminary results: called in the context of their caller, once for each index, and none can harm the pool. */
import { tell } from '../tell.ts';
import type { RunOptions } from './pool-types.ts';

type Listener = RunOptions['onPart'];

export function listenerOf(onPart: Listener): Listener {
  if (onPart === undefined) return undefined;
  const bound = process.getBuiltinModule('node:async_hooks').AsyncResource.bind(onPart);
  let next = 0;
  return (value, index) => {
    // A task that runs again begins anew.
    if (index < next) return;
    next = index + 1;
    tell(() => bound(value, index));
  };
}
