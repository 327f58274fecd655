/**
 * Records the history of one execution at a time. A field of all operations is one array, kept from execution to
 * execution, so that recording allocates nothing; `history` copies into records.
 */
import { type History, type OperationRecord, type Threw, threw } from './history.ts';

const PENDING = Number.POSITIVE_INFINITY;

export class Recorder {
  /** Operations recorded; the arrays below may be longer. */
  #count = 0;
  /** Next position in the order of events. */
  #clock = 0;
  readonly #threads: number[] = [];
  readonly #names: string[] = [];
  readonly #args: (readonly unknown[])[] = [];
  readonly #called: number[] = [];
  readonly #returned: number[] = [];
  readonly #results: unknown[] = [];

  /** Notes a call now, and answers the operation's id: its index in the history. `args` is kept, not copied. */
  call(thread: number, name: string, args: readonly unknown[]): number {
    const id = this.#count++;
    this.#threads[id] = thread;
    this.#names[id] = name;
    this.#args[id] = args;
    this.#called[id] = this.#clock++;
    this.#returned[id] = PENDING;
    this.#results[id] = undefined;
    return id;
  }

  /** Notes that the operation returns now. Throws when the id is unknown or the operation ended before. */
  return(id: number, result: unknown): void {
    if (id >= this.#count || this.#returned[id] !== PENDING) {
      throw new Error(`operation ${id} is not open: return or throw once for each id that call() gave`);
    }
    this.#returned[id] = this.#clock++;
    this.#results[id] = result;
  }

  /** Notes that the operation throws now. Throws when the id is unknown or the operation ended before. */
  throw(id: number, error: unknown): void {
    this.return(id, threwOf(error));
  }

  /** The operations so far, in the order of their calls. Later recording does not change it. */
  history(): History {
    const history: OperationRecord[] = [];
    for (let id = 0; id < this.#count; id++) {
      history.push({
        thread: this.#threads[id]!, // all arrays have at least #count items
        name: this.#names[id]!,
        args: this.#args[id]!,
        called: this.#called[id]!,
        returned: this.#returned[id]!,
        result: this.#results[id],
      });
    }
    return history;
  }

  /** Forgets all operations; ids and positions start from 0 again. */
  reset(): void {
    this.#args.fill([], 0, this.#count);
    this.#results.fill(undefined, 0, this.#count);
    this.#count = 0;
    this.#clock = 0;
  }
}

/** An error by its name; anything else that was thrown by its type. Never throws, whatever was thrown. */
export function threwOf(error: unknown): Threw {
  try {
    return error instanceof Error ? threw(error.name, error.message) : threw(typeof error, String(error));
  } catch {
    return threw(typeof error, 'throws when it is looked at');
  }
}
