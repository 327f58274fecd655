/** How an execution ended: data, never an exception. */
import type { Site } from '../instrument/host.ts';

export type OutcomeKind = 'passed' | 'violated' | 'deadlocked' | 'livelocked' | 'crashed' | 'exhausted';

export interface BlockedThread {
  readonly thread: number;
  readonly site: Site | undefined;
  /** Byte offset of the word it waits on, and which of the execution's buffers (in order of first use). */
  readonly byteOffset: number;
  readonly buffer: number;
  /** The value it went to sleep on. */
  readonly value: number | bigint;
}

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly message: string;
  /** The thread whose code threw, where one did. */
  readonly thread?: number;
  readonly error?: unknown;
  readonly blocked?: readonly BlockedThread[];
}

export const passed: Outcome = Object.freeze({ kind: 'passed', message: '' });

/** Whether an outcome is a finding: `exhausted` is neither a finding nor a pass. */
export function isFinding(outcome: Outcome): boolean {
  return outcome.kind !== 'passed' && outcome.kind !== 'exhausted';
}
