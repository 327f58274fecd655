/** Joins the race detector to an execution: which steps order what, and what people are told of a race. */
import type { Site } from '../instrument/host.ts';
import { isSameCell } from '../instrument/same-cell.ts';
import {
  COMPARE_EXCHANGE,
  LOAD,
  NOTIFY,
  STORE,
  type Step,
  type StepKind,
  TIMEOUT,
  WAIT,
  WOKEN,
} from '../instrument/step.ts';
import { RaceDetector } from '../race/detector.ts';
import { ACQUIRE, type Access, BOTH, RELEASE, VISIT, WAITED } from '../race/race.ts';
import type { Outcome, RacingAccess } from './outcome.ts';
import { shownSite, type TraceStep } from './trace.ts';

/** Plain accesses of a thread between two steps that are taken for an endless loop: `while (view[0] === 0);` */
export const mostPlainAccesses = 500_000;

/** A plain access: `buffer` as executions name it, `position` as a trace does. */
export interface PlainStep extends Omit<Access, 'atomic'> {
  readonly buffer: number;
  readonly position: number;
}

/**
 * By number of threads: generated programs make an executor each, and what a detector knows of cells takes long to make. Executions never overlap, and
 * each begins it anew.
 */
const detectors = new Map<number, RaceDetector>();

function detectorFor(threads: number): RaceDetector {
  let detector = detectors.get(threads);
  if (detector === undefined) {
    detector = new RaceDetector(threads);
    detectors.set(threads, detector);
  }
  return detector;
}

export class RaceWatch {
  readonly #detector: RaceDetector;
  readonly #site: (index: number) => Site | undefined;
  /** Plain accesses in the step that is running; what ends the execution when they are too many. */
  #accesses = 0;
  #lastStep = -1;
  #endless: Outcome | undefined;

  constructor(threads: number, site: (index: number) => Site | undefined) {
    this.#detector = detectorFor(threads);
    this.#site = site;
  }

  /** An execution begins. */
  begin(): void {
    this.#detector.begin();
    this.#lastStep = -1;
    this.#endless = undefined;
  }

  /** It is no step: where it races, the execution ends at the thread's next. @throws Error to stop a loop that makes no step. */
  access(access: PlainStep, trace: TraceStep[] | undefined): void {
    const { thread, step, buffer, byteOffset, byteLength, write, site } = access;
    if (step !== this.#lastStep) {
      this.#lastStep = step;
      this.#accesses = 0;
    }
    if (++this.#accesses > mostPlainAccesses) throw this.#stop(thread, site);
    this.#detector.access(thread, write, buffer, byteOffset, byteLength, site, step);
    if (trace === undefined) return;
    const place = this.#site(site);
    trace.push({
      step,
      thread,
      kind: write ? 'write' : 'read',
      ...(place === undefined ? {} : { site: place }),
      buffer: access.position,
      byteOffset,
      byteLength,
      preemption: false,
      plain: true,
    });
  }

  #stop(thread: number, site: number): Error {
    const place = this.#site(site);
    const last = place === undefined ? '' : `, the last at ${shownSite(place)}`;
    this.#endless ??= {
      kind: 'exhausted',
      message: `thread ${thread} made ${mostPlainAccesses} plain accesses to shared memory in a row without a step${last}: a loop that waits for another thread must read by Atomics.load`,
    };
    return new Error(this.#endless.message);
  }

  /** A step on a cell was performed, and did not throw. */
  step(
    t: number,
    p: Step,
    kind: StepKind,
    result: unknown,
    buffer: number,
    offset: number,
    at: number,
  ): void {
    if (kind < LOAD || (kind > NOTIFY && kind !== TIMEOUT && kind !== WOKEN)) return;
    let role = BOTH;
    if (kind === LOAD) role = ACQUIRE;
    else if (kind === STORE) role = RELEASE;
    else if (kind === WAIT) role = WAITED;
    else if (kind >= NOTIFY) role = VISIT;
    else if (kind === COMPARE_EXCHANGE && result !== p.a && !isSameCell(p.view!, result, p.a)) role = ACQUIRE;
    this.#detector.step(t, role, buffer, offset, p.view!.BYTES_PER_ELEMENT, p.site, at);
  }

  /** How the execution ends that met a race, or was stopped; undefined when it may go on. */
  outcome(): Outcome | undefined {
    const { race } = this.#detector;
    if (race === undefined) return this.#endless;
    const named = (access: Access): RacingAccess => ({ ...access, site: this.#site(access.site) });
    const shown = { buffer: race.buffer, first: named(race.first), second: named(race.second) };
    return {
      kind: 'violated',
      message: `data race: ${describe(shown.second)} and ${describe(shown.first)}: nothing orders the two`,
      thread: shown.second.thread,
      oracle: 'race',
      race: shown,
    };
  }
}

function describe({ thread, site, write, atomic, byteOffset, byteLength }: RacingAccess): string {
  const place = site === undefined ? '' : ` at ${shownSite(site)}`;
  const bytes =
    byteLength === 1 ? `byte ${byteOffset}` : `bytes ${byteOffset} to ${byteOffset + byteLength - 1}`;
  const how = `${write ? 'writes' : 'reads'} ${bytes} ${atomic ? 'by Atomics' : 'plainly'}`;
  return `T${thread} ${how}${place}`;
}
