/** The steps of one execution, as data: made when an execution is run again to be shown. */
import type { Site } from '../instrument/host.ts';
import { stepNames } from '../instrument/step.ts';

export interface TraceStep {
  /** Position in the execution, from 0. */
  readonly step: number;
  readonly thread: number;
  /** 'load', 'store', ... 'wait', 'woken', 'timeout', 'start', 'call'. */
  readonly kind: string;
  readonly site?: Site;
  /** Which buffer of the execution (those that `setup` made come first, in its order), and the byte offset in it. */
  readonly buffer?: number;
  readonly byteOffset?: number;
  /** What people are told of the cell, where it has a name: see cell-names. */
  readonly cell?: string;
  /** Arguments after view and index: value; expected and replacement; value and time-out; count. */
  readonly args?: readonly (number | bigint | string)[];
  /** What the step returned to the thread; `threw RangeError` where it threw; absent while it sleeps. */
  readonly result?: number | bigint | string;
  /** For `call`: the operation. */
  readonly label?: string;
  /** Threads that this step woke. */
  readonly woke?: readonly number[];
  /** True when this step went to another thread although the one before could have gone on. */
  readonly preemption: boolean;
  /** For plain accesses, which are `read` and `write`: how many bytes. */
  readonly byteLength?: number;
  /** True for an access without `Atomics`: no step, it ran as part of the step before it. Recorded where races are watched. */
  readonly plain?: boolean;
  /** True for a step of a frame that could not be suspended: it ran as part of the step before it. */
  readonly unscheduled?: boolean;
}

/** A site as people are shown it: relative to the working directory where it is inside. */
export function shownSite({ file, line }: Site): string {
  const here = `${process.cwd()}/`;
  return `${file.startsWith(here) ? file.slice(here.length) : file}:${line}`;
}

/** A cell as people are shown it: by its name; without one by byte offset, and by buffer where there are several. */
export function cellName(
  cell: { readonly buffer?: number; readonly byteOffset?: number; readonly cell?: string },
  trace: readonly TraceStep[],
): string {
  const { buffer: own, byteOffset } = cell;
  const name = cell.cell ?? trace.find((s) => s.buffer === own && s.byteOffset === byteOffset)?.cell;
  if (name !== undefined) return name;
  const several = trace.some(({ buffer }) => buffer !== undefined && buffer > 0);
  return `${several ? `b${cell.buffer}` : ''}[${cell.byteOffset}]`;
}

/** Whether `Atomics` threw instead of taking the step. */
export function didThrow({ result }: TraceStep): boolean {
  return typeof result === 'string' && result.startsWith('threw ');
}

/** Whether a step may have changed its cell. A store counts as a change, whatever was there. */
export function changes(step: TraceStep): boolean {
  const { kind, args = [], result } = step;
  if (step.byteOffset === undefined || didThrow(step)) return false;
  switch (kind) {
    case 'store':
    case 'write':
    case 'and':
      return true;
    case 'compareExchange':
      return result === args[0] && args[0] !== args[1];
    case 'exchange':
      return result !== args[0];
    case 'add':
    case 'sub':
    case 'or':
    case 'xor':
      return args[0] !== 0 && args[0] !== 0n;
    default:
      return false;
  }
}

export function kindName(kind: number): string {
  return stepNames[kind] ?? `step ${kind}`;
}

/** JSON has no bigint, NaN or Infinity: they are written as strings, a bigint with an n. */
export function jsonSafe(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return typeof value === 'bigint' ? `${value}n` : value;
}
