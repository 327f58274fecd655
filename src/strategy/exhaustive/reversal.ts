/**
 * What an event would have done had it come before another one with which it races. Whether a compare-exchange succeeds, a wait sleeps and a notify
 * wakes somebody depends on what came before, and with it what they depend on. Exact: nothing that touches the same bytes or the same queue lies
 * between two events that race.
 */
import { isSameCell, replaces } from '../../instrument/same-cell.ts';
import { type AtomicView, COMPARE_EXCHANGE, NOTIFY, STORE, TIMEOUT, WAIT } from '../../instrument/step.ts';
import type { Footprint, Locations } from './footprint.ts';
import type { EventDetail } from './step-reader.ts';

/** The footprint of `second` executed before `first` instead of after it. */
export function reversed(
  first: EventDetail,
  firstPrint: Footprint,
  second: EventDetail,
  secondPrint: Footprint,
  locations: Locations,
): Footprint {
  if (second.compound || first.compound) return secondPrint;
  if (second.kind === COMPARE_EXCHANGE) {
    const access = secondPrint[0]!;
    const wrote = replaces(second.view!, foundBefore(first, second), second.a, second.b); // it was performed, so it has a view
    return [(access & ~1) + (wrote ? 1 : 0)];
  }
  if (second.kind === WAIT) {
    const cell = secondPrint[0]! & ~1;
    if (!writesCell(first, firstPrint)) return secondPrint;
    if (second.b !== undefined && +(second.b as number) <= 0) return [cell];
    if (!isSame(second.view!, foundBefore(first, second), second.a)) return [cell];
    return [cell, locations.queueOfCell(cell >> 1) * 2 + 1];
  }
  if (second.kind === NOTIFY) {
    const queue = secondPrint[0]! >> 1;
    const sleepers = firstPrint.includes(queue * 2 + 1) ? first.queue : second.queue;
    const woken = sleepers.slice(0, mostWoken(second.a));
    if (woken.length === 0) return [queue * 2];
    return [queue * 2 + 1, ...woken.map((t) => locations.token(t) * 2 + 1)];
  }
  return secondPrint;
}

function writesCell(event: EventDetail, footprint: Footprint): boolean {
  return event.kind >= STORE && event.kind <= COMPARE_EXCHANGE && (footprint[0]! & 1) === 1;
}

/** How many sleepers a notify wakes at most (ECMA-262 25.4.15). */
function mostWoken(count: unknown): number {
  return count === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.trunc(Number(count)) || 0);
}

/** What `second` would have found in its cell without `first`. */
function foundBefore(first: EventDetail, second: EventDetail): unknown {
  if (first.kind === TIMEOUT || first.kind === NOTIFY || first.kind === WAIT) return second.found;
  const a = first.view!; // events on cells have one
  const b = second.view!;
  if (a.BYTES_PER_ELEMENT === b.BYTES_PER_ELEMENT && a.constructor === b.constructor) {
    if (first.offset === second.offset) return first.found;
  }
  return overlaid(first, second);
}

const scratch = new Uint8Array(24);

/** Cells of different widths: what `second` found, with the bytes of `first` as that one found them. */
function overlaid(first: EventDetail, second: EventDetail): unknown {
  put(second, 8);
  put(first, 8 + first.offset - second.offset);
  const [value] = new (kindOf(second.view!))(scratch.buffer, 8, 1);
  return value;
}

function put({ view, found }: EventDetail, at: number): void {
  const one = new (kindOf(view!))(1);
  one[0] = found as number;
  scratch.set(new Uint8Array(one.buffer), at);
}

function kindOf(view: AtomicView): Int32ArrayConstructor {
  return view.constructor as Int32ArrayConstructor;
}

/** Whether two values are the same once they are in a cell of this view, as the platform makes numbers of them. */
function isSame(view: AtomicView, a: unknown, b: unknown): boolean {
  return isSameCell(view, numeric(a), numeric(b));
}

function numeric(value: unknown): number | bigint {
  return typeof value === 'bigint' ? value : Number(value);
}
