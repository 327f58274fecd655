/** What callers of a pool give and get, and what the pool keeps of a pending task. */
import type { HistogramSummary } from '../histogram.ts';
import type { Definition } from './handlers.ts';
import { listenerOf } from './part-listener.ts';
import type { PoolMember } from './pool-member.ts';
import type { BoardAccount } from './task-board.ts';

/** What is to be done: an export of the pool's module, or of another one. */
export type PoolTask = string | { readonly module?: string | URL; readonly export: string };

export interface RunOptions {
  /** Cancels: a queued task is removed, a running one is asked to end, and its worker replaced when it does not. */
  readonly signal?: AbortSignal;
  /** Milliseconds that it may run, from its start. TimeoutError. */
  readonly timeoutMs?: number;
  readonly priority?: 'high' | 'normal' | 'low';
  /** What of the arguments moves to the worker instead of being copied. */
  readonly transfer?: readonly object[];
  /**
   * Whether it may run again when its worker dies in it, as often as the pool's `mostRepeats` says: it does no harm twice. Its arguments are sent again as they are
   * then, so they cannot move (`transfer`); parts that were told already are not told again. Default false.
   */
  readonly repeatable?: boolean;
  /** Told of each preliminary result, as it comes, before the last one. What it throws is an uncaught exception, as of any listener. */
  readonly onPart?: (value: unknown, index: number) => void;
}

export interface WorkerStatus {
  readonly state: 'idle' | 'busy';
  /** Tasks that it has ended. */
  readonly tasks: number;
}

export interface PoolMetrics extends BoardAccount {
  readonly threads: number;
  /** Workers that died, or were replaced because a task did not end. */
  readonly deaths: number;
  readonly lateErrors: number;
  readonly queueDelay: HistogramSummary;
  readonly runTime: HistogramSummary;
  /** Share of the time of all workers, since each has begun, that they spent in tasks: 0 to 1. */
  readonly utilisation: number;
}

/** A task that is pending, or waits for room. */
export interface Entry {
  /** -1 until it has room. */
  id: number;
  readonly definition: Definition;
  readonly args: readonly unknown[];
  readonly options: RunOptions;
  submitted: number;
  readonly onPart: RunOptions['onPart'];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Where it was asked for. */
  readonly caller: Error | undefined;
  /** What is to be undone when it settles. */
  release: (() => void) | undefined;
  /** Where its arguments were sent to, when they go by message. */
  sentTo: PoolMember | undefined;
  failed: unknown;
  /** Workers that died in it. */
  deaths: number;
}

/** A task that nobody has yet. */
export function entryOf(
  definition: Definition,
  args: readonly unknown[],
  options: RunOptions,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
  caller: Error | undefined,
): Entry {
  return {
    id: -1,
    definition,
    args,
    options,
    submitted: 0,
    onPart: listenerOf(options.onPart),
    resolve,
    reject,
    caller,
    release: undefined,
    sentTo: undefined,
    failed: undefined,
    deaths: 0,
  };
}
