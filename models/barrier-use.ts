/**
 * A barrier in all that can be done with it, checked directly: besides the generations (see `checkBarrier`) that it breaks for all or for none,
 * for a cause, and that a call which was refused has not arrived. As for the generations, no sequential object can say this.
 */
import { type History, isPending, isThrew, type OperationRecord } from '../src/history/history.ts';
import { type BarrierOptions, checkBarrier } from './barrier.ts';

/**
 * What is wrong with a history, in words; undefined when nothing is. Operations:
 * - `wait(limitMs?) -> "leader" | "follower"`; RangeError when the limit is negative; TimeoutError for the one whose limit
 *   broke the barrier; BrokenBarrierError for all others of its generation and for who comes later; TooManyPartiesError when all
 *   parties were there already.
 * - `abort()` breaks the barrier.
 * - `create(parties)`: another barrier; RangeError when the parties are no integer from 1 on.
 */
export function checkBarrierUse(
  history: History,
  parties: number,
  { stuck = false }: BarrierOptions = {},
): string | undefined {
  const waits = history.filter(({ name }) => name === 'wait');
  const faults = [
    ...history.filter(({ name }) => name === 'create').map(faultOfCreate),
    ...waits.map((wait) => faultOfWait(wait, history, parties)),
    moreThanOneTimeout(waits),
    stuck ? asleepAtBroken(waits, history) : undefined,
  ];
  const fault = faults.find((each) => each !== undefined);
  if (fault !== undefined) return fault;
  const passed = waits.filter((wait) => isPending(wait) || !isThrew(wait.result));
  const verdict = checkBarrier(passed, parties, { stuck });
  return verdict.ok ? undefined : verdict.reason;
}

function faultOfCreate({ thread, args, result }: OperationRecord): string | undefined {
  const [parties] = args as readonly [number];
  const sensible = Number.isInteger(parties) && parties >= 1;
  if (sensible !== isThrewNamed(result, 'RangeError')) return undefined;
  return `T${thread} created a barrier of ${parties} parties, and was ${sensible ? 'refused' : 'not refused'}`;
}

function faultOfWait(wait: OperationRecord, history: History, parties: number): string | undefined {
  const { thread, args, called, returned, result } = wait;
  const [limitMs = Infinity] = args as readonly [number?];
  if (limitMs < 0 !== isThrewNamed(result, 'RangeError'))
    return `T${thread} gave a limit of ${limitMs} ms, and was ${limitMs < 0 ? 'not refused' : 'refused'}`;
  if (limitMs < 0 || isPending(wait)) return undefined;
  const broken = breaks(history, wait);
  if (isThrewNamed(result, 'BrokenBarrierError'))
    return broken.some((cause) => cause.called < returned)
      ? undefined
      : `T${thread} found the barrier broken without a cause`;
  if (broken.some((cause) => cause.returned < called))
    return `T${thread} did not find the barrier broken, which it was`;
  if (isThrewNamed(result, 'TimeoutError'))
    return limitMs === Infinity ? `T${thread} ran out of time without a limit` : undefined;
  if (!isThrewNamed(result, 'TooManyPartiesError')) return undefined;
  const beside = history.filter(
    (other) => other !== wait && other.name === 'wait' && other.called < returned && other.returned > called,
  );
  return beside.length >= parties
    ? undefined
    : `T${thread} was one too many for ${parties} parties beside ${beside.length} others`;
}

/** What breaks the barrier, but for the wait itself. */
function breaks(history: History, wait?: OperationRecord): History {
  return history.filter(
    (other) => other !== wait && (other.name === 'abort' || isThrewNamed(other.result, 'TimeoutError')),
  );
}

/** The first breaks the barrier, and the others find it broken. */
function moreThanOneTimeout(waits: History): string | undefined {
  const late = waits.filter(({ result }) => isThrewNamed(result, 'TimeoutError'));
  return late.length > 1
    ? `${late.map(({ thread }) => `T${thread}`).join(' and ')} both broke the barrier`
    : undefined;
}

function asleepAtBroken(waits: History, history: History): string | undefined {
  const asleep = waits.find(isPending);
  const broken = breaks(history).find((cause) => !isPending(cause));
  return asleep !== undefined && broken !== undefined
    ? `T${asleep.thread} sleeps at a broken barrier`
    : undefined;
}

function isThrewNamed(result: unknown, name: string): boolean {
  return isThrew(result) && result.threw === name;
}
