/** How an execution ended: data, never an exception. */
import type { Site } from '../instrument/host.ts';

export type OutcomeKind = 'passed' | 'violated' | 'deadlocked' | 'livelocked' | 'crashed' | 'exhausted';

export interface BlockedThread {
  readonly thread: number;
  readonly site: Site | undefined;
  /** Byte offset of the word it waits on, and which of the execution's buffers (in order of first use). */
  readonly byteOffset: number;
  readonly buffer: number;
  /** The value it went to sleep on, and the one that the word has at the end. */
  readonly value: number | bigint;
  readonly current: number | bigint;
}

/** Why nobody gets on. The first three are deadlocks, the others livelocks. */
export type StuckKind = 'lost wake-up' | 'cyclic deadlock' | 'orphaned wait' | 'livelock' | 'starvation';

/** What kind of standstill it is, with the events that show it. See docs/stuck.md for how each is decided. */
export interface Stuck {
  readonly kind: StuckKind;
  /** The threads that it is said of. */
  readonly threads: readonly number[];
  /** Positions in the execution of the steps that show it. */
  readonly steps: readonly number[];
  readonly message: string;
}

/** An access that took part in a data race. */
export interface RacingAccess {
  readonly thread: number;
  /** Position in the execution of the step that the access is, or runs after. */
  readonly step: number;
  readonly site: Site | undefined;
  readonly write: boolean;
  /** By a function of `Atomics`. */
  readonly atomic: boolean;
  /** The bytes of its buffer that it touches. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Two accesses to the same memory that nothing orders, of which one writes: in the order of the execution. */
export interface DataRace {
  readonly buffer: number;
  readonly first: RacingAccess;
  readonly second: RacingAccess;
}

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly message: string;
  /** The thread whose code threw, where one did. */
  readonly thread?: number;
  readonly error?: unknown;
  readonly blocked?: readonly BlockedThread[];
  /** For a standstill: which kind. A deadlock is told apart where its steps are recorded. */
  readonly stuck?: Stuck;
  /** What found the violation, where it was neither the program's own code nor a specification. */
  readonly oracle?: 'race' | 'nondeterminism';
  readonly race?: DataRace;
}

export const passed: Outcome = Object.freeze({ kind: 'passed', message: '' });

/** Whether an outcome is a finding: `exhausted` is neither a finding nor a pass. */
export function isFinding(outcome: Outcome): boolean {
  return outcome.kind !== 'passed' && outcome.kind !== 'exhausted';
}
