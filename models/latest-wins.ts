/** A line of one that is processed and the latest few that wait, as a model of what happens to it: `offer n`, `begin n`, `done n`, `drop n`. */
export interface LineCounts {
  readonly offered: number;
  readonly processed: number;
  readonly dropped: number;
  readonly queued: number;
}

/**
 * Replays what happened, to the end of all processing, against the model. Answers what is wrong, or nothing: an item begins that is not
 * the oldest that waits, or while another is processed; one is dropped that does not wait, or is not the oldest when there is no place;
 * somebody waits while nothing is processed; the counts differ.
 */
export function checkLine(
  events: readonly string[],
  capacity: number,
  counts: LineCounts,
): string | undefined {
  const waiting: number[] = [];
  const count = { offered: 0, processed: 0, dropped: 0 };
  let busy = false;
  for (const [at, event] of events.entries()) {
    const [what, text] = event.split(' ');
    const item = Number(text);
    if (what === 'offer') {
      count.offered += 1;
      waiting.push(item);
    } else if (what === 'begin') {
      if (busy || waiting[0] !== item)
        return `${event}, while ${busy ? 'another is processed' : `${waiting} wait`}`;
      waiting.shift();
      busy = true;
      count.processed += 1;
    } else if (what === 'done') busy = false;
    else {
      const overfull = busy && waiting.length > capacity;
      const place = waiting.indexOf(item);
      if (place < 0 || (overfull && place > 0)) return `${event}, while ${waiting} wait`;
      waiting.splice(place, 1);
      count.dropped += 1;
    }
    // A begin or a drop may follow its offer.
    const settled = !/^(begin|drop)/.test(events[at + 1] ?? '');
    if (settled && busy && waiting.length > capacity) return `${waiting} wait, in ${capacity} places`;
  }
  if (busy || waiting.length > 0) return `${waiting} wait for ever`;
  const { offered, processed, dropped, queued } = counts;
  const same =
    offered === count.offered && processed === count.processed && dropped === count.dropped && queued === 0;
  return same ? undefined : `it counts ${JSON.stringify(counts)}, but there were ${JSON.stringify(count)}`;
}
