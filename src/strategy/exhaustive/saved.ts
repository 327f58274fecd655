/** The state of a search as plain data, for checkpoints. */
import type { Level, Sleeper } from './exhaustive.ts';
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

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What is wrong with what should be the state of a search through a program of as many threads, field by field; undefined: nothing. */
export function savedFault(value: unknown, threads: number): string | undefined {
  const saved = value as Partial<SavedSearch> | null;
  if (typeof saved !== 'object' || saved === null) return `search is ${JSON.stringify(value)}, not an object`;
  if (saved.kind !== 'exhaustive') return `search.kind is ${JSON.stringify(saved.kind)}, not "exhaustive"`;
  if (typeof saved.done !== 'boolean')
    return `search.done is ${JSON.stringify(saved.done)}, not true or false`;
  for (const name of ['cut', 'redundant', 'common'] as const)
    if (!isWhole(saved[name]))
      return `search.${name} is ${JSON.stringify(saved[name])}, not a whole number from 0`;
  for (const name of ['locations', 'loops', 'limits', 'plan', 'expected', 'levels'] as const)
    if (!Array.isArray(saved[name])) return `search.${name} is ${JSON.stringify(saved[name])}, not a list`;
  const { locations, loops, limits, plan, expected, levels, common } = saved as SavedSearch;
  const isThread = (thread: unknown): boolean => isWhole(thread) && thread < threads;
  const most = 2 * (threads + locations.length);
  const isFootprint = (footprint: unknown): boolean =>
    Array.isArray(footprint) &&
    (footprint[0] === -1 || footprint.every((access) => isWhole(access) && access < most));
  const isEvent = (event: Sleeper | null): boolean =>
    typeof event === 'object' && event !== null && isThread(event.thread) && isFootprint(event.footprint);
  const isBranch = (branch: Branch): boolean =>
    isEvent(branch) && Array.isArray(branch.children) && branch.children.every(isBranch);
  const isLevel = (level: Level | null): boolean =>
    typeof level === 'object' &&
    level !== null &&
    isWhole(level.done) &&
    Array.isArray(level.sleep) &&
    level.sleep.every(isEvent) &&
    Array.isArray(level.branches) &&
    level.branches.every(isBranch);
  const lists: [keyof SavedSearch, boolean][] = [
    [
      'locations',
      locations.every((at) => Array.isArray(at) && at.length === 3 && at.every(Number.isSafeInteger)),
    ],
    ['loops', loops.every(Number.isSafeInteger)],
    ['limits', limits.every((limit) => typeof limit === 'string')],
    ['plan', plan.every(isThread)],
    ['expected', expected.length === plan.length && expected.every(isFootprint)],
    ['common', common <= plan.length],
    // Without levels it had not begun.
    [
      'levels',
      levels.every(isLevel) && levels.length === (levels.length + plan.length === 0 ? 0 : plan.length + 1),
    ],
  ];
  const wrong = lists.find(([, isRight]) => !isRight);
  return wrong === undefined
    ? undefined
    : `search.${wrong[0]} is not what a search of ${threads} threads writes`;
}
