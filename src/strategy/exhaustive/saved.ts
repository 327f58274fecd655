/** The state of a search as plain data, for checkpoints. */
import type { Level } from './exhaustive.ts';
import { type Footprint, unknown } from './footprint.ts';
import type { Branch } from './wakeup-tree.ts';

export interface SavedSearch {
  readonly kind: 'exhaustive';
  /** Nothing is left. */
  readonly done: boolean;
  readonly locations: readonly (readonly number[])[];
  readonly loops: readonly number[];
  readonly limits: readonly string[];
  readonly cut: number;
  readonly redundant: number;
  readonly common: number;
  readonly plan: readonly number[];
  readonly expected: readonly Footprint[];
  readonly levels: readonly Level[];
}

/** The program does not take the steps that the checkpoint was made with. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  constructor() {
    super('the program does not take the steps that the checkpoint was made with');
  }
}

/** A footprint that was plain data: the unknown one is told by identity. */
export function known(footprint: Footprint): Footprint {
  return footprint[0] === -1 ? unknown : footprint;
}

export function knownBranch({ thread, footprint, children }: Branch): Branch {
  return { thread, footprint: known(footprint), children: children.map(knownBranch) };
}
