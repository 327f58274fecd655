/**
 * Sequences of events that must be explored from one state, as an ordered tree: the wake-up trees of Optimal-DPOR, with the insertion of
 * definition 6.5 in Abdulla, Aronis, Jonsson and Sagonas (JACM 2017).
 */
import type { Footprint, Locations } from './footprint.ts';

export interface Branch {
  readonly thread: number;
  readonly footprint: Footprint;
  readonly children: Branch[];
}

/** Events in order, each with its thread and footprint. */
export class Sequence {
  readonly threads: number[] = [];
  readonly footprints: Footprint[] = [];

  clear(): void {
    this.threads.length = 0;
    this.footprints.length = 0;
  }

  push(thread: number, footprint: Footprint): void {
    this.threads.push(thread);
    this.footprints.push(footprint);
  }

  remove(i: number): void {
    this.threads.splice(i, 1);
    this.footprints.splice(i, 1);
  }

  /**
   * Whether the next step of `thread`, with this footprint, is a weak initial: it may come first, in the sequence or added to it.
   * Answers its position, the length where the thread does not occur, or -1 when it is none.
   */
  weakInitial(thread: number, footprint: Footprint, locations: Locations): number {
    const { threads, footprints } = this;
    for (let i = 0; i < threads.length; i++) {
      if (threads[i] === thread) return i;
      if (locations.dependent(footprints[i]!, footprint)) return -1;
    }
    return threads.length;
  }
}

/** Inserts a sequence among the branches of a state. Consumes the sequence; false when the tree covers it already. */
export function insert(branches: Branch[], sequence: Sequence, locations: Locations): boolean {
  let level = branches;
  let isRoot = true;
  for (;;) {
    // A leaf that the sequence begins with: what follows it is explored in any case.
    if (level.length === 0 && !isRoot) return false;
    isRoot = false;
    let into: Branch | undefined;
    for (const branch of level) {
      const i = sequence.weakInitial(branch.thread, branch.footprint, locations);
      if (i === -1) continue;
      if (i < sequence.threads.length) sequence.remove(i);
      into = branch;
      break;
    }
    if (into === undefined) break;
    if (sequence.threads.length === 0) return false;
    level = into.children;
  }
  append(level, sequence);
  return true;
}

function append(branches: Branch[], { threads, footprints }: Sequence): void {
  let level = branches;
  for (let i = 0; i < threads.length; i++) {
    const branch: Branch = { thread: threads[i]!, footprint: footprints[i]!, children: [] };
    level.push(branch);
    level = branch.children;
  }
}
