/**
 * A reusable barrier, checked directly: the waits of one generation take effect together, which no sequential
 * object can say (set-linearizability, Neiger, PODC 1994).
 *
 * A generation is `parties` waits, one of them the leader, with an instant at which all of them are open: nobody
 * left before all had arrived. So a thread is in it once at most. The instants of the generations are in order.
 *
 * Method: take the completed wait that returned first. Its generation can as well be the first one, just before
 * that return: all waits not yet in a generation return later, so any generation before it could come after it.
 * Of the waits open then, those of the right role that return first can join it: exchanging one of them for
 * another of a solution hurts no later generation. Pending waits return last, in either role. Cost O(n^2) at worst,
 * O(n * threads) in practice.
 */
import { type History, isPending, type OperationRecord } from '../src/history/history.ts';

export interface BarrierOptions {
  /** The execution ended for good with its pending waits waiting. Default false: they may have been let go. */
  readonly stuck?: boolean;
}

export type BarrierVerdict =
  | { readonly ok: true /** Complete generations. */; readonly generations: number }
  | {
      readonly ok: false;
      readonly reason: string;
      /** The operations that show it: indices into the history. */
      readonly operations: readonly number[];
    };

/**
 * Checks a history of `wait() -> "leader" | "follower"`. Pending waits may belong to a complete generation that they
 * have not left yet, or to the last, incomplete one; when `stuck` only to the latter, which must then be smaller
 * than `parties`. Throws an Error on operations of other names, or a `parties` that is no positive integer.
 */
export function checkBarrier(
  history: History,
  parties: number,
  options: BarrierOptions = {},
): BarrierVerdict {
  if (!Number.isInteger(parties) || parties < 1) throw new Error(`parties must be 1 or more, not ${parties}`);
  const { stuck = false } = options;
  const indexOf = new Map(history.map((operation, index) => [operation, index]));
  const fail = (reason: string, operations: History): BarrierVerdict => ({
    ok: false,
    reason,
    operations: operations.map((operation) => indexOf.get(operation)!).sort((a, b) => a - b), // all are of the history
  });
  for (const operation of history) {
    if (operation.name !== 'wait')
      throw new Error(`a barrier has no operation "${operation.name}", only wait`);
    if (!isPending(operation) && !isLeader(operation) && operation.result !== 'follower') {
      return fail(`T${operation.thread} left with neither "leader" nor "follower"`, [operation]);
    }
  }
  // Waits that are in no generation yet, those that return first at the front, pending ones at the end.
  let rest = [...history].sort((a, b) => (a.returned === b.returned ? 0 : a.returned - b.returned));
  let generations = 0;
  for (let first = rest[0]; first && !isPending(first); first = rest[0]) {
    const { returned, thread } = first;
    const open = rest.filter((operation) => operation.called < returned);
    const usable = stuck ? open.filter((operation) => !isPending(operation)) : open;
    const generation = gather(usable, parties);
    if (!generation)
      return fail(`T${thread} left generation ${generations} ${whyNot(open, usable, parties)}`, open);
    rest = rest.filter((operation) => !generation.has(operation));
    generations++;
  }
  if (stuck && rest.length >= parties) {
    return fail(`generation ${generations} has all ${parties} parties, but they wait for ever`, rest);
  }
  return { ok: true, generations };
}

/** One leader and `parties - 1` followers, of each role those at the front; pending waits take either. */
function gather(open: readonly OperationRecord[], parties: number): ReadonlySet<OperationRecord> | undefined {
  const pending = open.filter(isPending);
  const leader = open.find(isLeader) ?? pending.shift();
  const followers = open.filter((operation) => !isPending(operation) && !isLeader(operation));
  const generation = new Set([...followers, ...pending].slice(0, parties - 1));
  if (leader) generation.add(leader);
  return leader && generation.size === parties && generation.has(open[0]!) ? generation : undefined;
}

function whyNot(open: History, usable: History, parties: number): string {
  if (open.length < parties) return `when only ${open.length} of ${parties} parties had arrived`;
  if (usable.length < parties) return 'while others of it wait for ever';
  return usable.some(isLeader) ? 'with more than one leader' : 'without a leader';
}

function isLeader(operation: OperationRecord): boolean {
  return operation.result === 'leader';
}
