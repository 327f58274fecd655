/**
 * Schedules as short strings: `tp1_2_5.1.k3_0.0.a_1c.9f2k_x7q2`.
 *
 * Fields between underscores: version; number of threads; one field a deviation from the base order, `gap.thread.check`, where gap is the number
 * of steps since the deviation before (or the start) and check ten bits of the fingerprint of all steps so far; where everybody
 * has his turn from some step on, `from..quantum`; the length and fingerprint of the whole execution, `steps.fingerprint`; a checksum over the text before it. All numbers are in base 36, so the string survives
 * shells, chats and double clicks. A time-out that fired is the choice of the thread that slept, so it needs no field of its own.
 */
import type { Deviation } from './deviation.ts';
import type { Turns } from './turns.ts';

export interface Schedule {
  readonly threads: number;
  readonly deviations: readonly Deviation[];
  /** Turns that follow on the deviations. */
  readonly turns?: Turns | undefined;
  /** Length and fingerprint of the execution it was taken from. */
  readonly steps: number;
  readonly fingerprint: number;
}

export const scheduleVersion = 'tp1';

/** A schedule string that cannot be used; the message says why and what to do. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

export function encodeSchedule(schedule: Schedule): string {
  const fields = [scheduleVersion, schedule.threads.toString(36)];
  let before = 0;
  for (const { at, thread, check } of schedule.deviations) {
    fields.push(`${(at - before).toString(36)}.${thread.toString(36)}.${check.toString(36)}`);
    before = at;
  }
  const { turns } = schedule;
  if (turns !== undefined) fields.push(`${turns.from.toString(36)}..${turns.quantum.toString(36)}`);
  fields.push(`${schedule.steps.toString(36)}.${(schedule.fingerprint >>> 0).toString(36)}`);
  const text = fields.join('_');
  return `${text}_${checksum(text)}`;
}

/** @throws ScheduleError when the string is damaged or of another version. */
export function decodeSchedule(text: string): Schedule {
  const trimmed = text.trim();
  const version = /^(tp\d+)_/.exec(trimmed)?.[1];
  if (version === undefined)
    throw new ScheduleError(
      `"${abbreviate(trimmed)}" is not a schedule: a schedule begins with ${scheduleVersion}_`,
    );
  if (version !== scheduleVersion)
    throw new ScheduleError(
      `the schedule is of version ${version}, this threadproof reads ${scheduleVersion}: find the failure again with explore`,
    );
  const end = trimmed.lastIndexOf('_');
  const body = trimmed.slice(0, end);
  if (checksum(body) !== trimmed.slice(end + 1))
    throw new ScheduleError(
      `the schedule "${abbreviate(trimmed)}" is damaged (its checksum differs): copy it again, whole`,
    );
  const fields = body.split('_').slice(1);
  const threads = number(fields[0], trimmed);
  const tail = (fields.at(-1) ?? '').split('.');
  let at = 0;
  const middle = fields.slice(1, -1).map((field) => field.split('.'));
  const turns = middle.at(-1)?.[1] === '' ? middle.pop() : undefined;
  const deviations = middle.map((parts) => {
    at += number(parts[0], trimmed);
    return { at, thread: number(parts[1], trimmed), check: number(parts[2], trimmed) };
  });
  const schedule = {
    threads,
    deviations,
    ...(turns === undefined
      ? {}
      : { turns: { from: number(turns[0], trimmed), quantum: number(turns[2], trimmed) } }),
    steps: number(tail[0], trimmed),
    fingerprint: number(tail[1], trimmed) | 0,
  };
  // One schedule has one string: anything else was not written by encodeSchedule.
  if (encodeSchedule(schedule) !== trimmed) throw damaged(trimmed);
  return schedule;
}

function number(text: string | undefined, whole: string): number {
  const value = text !== undefined && /^[0-9a-z]+$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw damaged(whole);
  return value;
}

function damaged(whole: string): ScheduleError {
  return new ScheduleError(`the schedule "${abbreviate(whole)}" is damaged: copy it again, whole`);
}

function abbreviate(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

/** FNV-1a, 20 bits: enough to notice a lost or changed character. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 12)) & 0xfffff).toString(36).padStart(4, '0');
}
