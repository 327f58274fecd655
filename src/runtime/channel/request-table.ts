/**
 * The table of what was asked and not answered yet. Plain and synchronous: it decides which call an answer belongs to, and what the
 * answers that belong to none are. No promise, no timer, no port.
 */

/** What became of the calls: `opened = answered + abandoned + drained + open`. And of answers that fitted none. */
export interface RequestCounts {
  readonly opened: number;
  readonly answered: number;
  /** Given up: time limit or abort. */
  readonly abandoned: number;
  /** Ended with the worker. */
  readonly drained: number;
  readonly open: number;
  /** Answers to calls that had been given up. */
  readonly late: number;
  /** Answers to calls that had their answer. */
  readonly duplicate: number;
  /** Answers to what nobody asked, or of the wrong kind. */
  readonly unknown: number;
}

/** Calls given up whose late answer is still told from a duplicate; the oldest are forgotten beyond. */
const MOST_ABANDONED = 65_536;

/**
 * Calls by their number. Each is settled once: by its own answer, by giving it up, or by draining.
 *
 * @typeParam Call what the owner keeps for a call
 */
export class RequestTable<Call extends { readonly kind: string }> {
  readonly #open = new Map<number, Call>();
  readonly #abandoned = new Set<number>();
  #highest = 0;
  #opened = 0;
  #answered = 0;
  #abandonedCount = 0;
  #drained = 0;
  #late = 0;
  #duplicate = 0;
  #unknown = 0;

  get size(): number {
    return this.#open.size;
  }

  /** Enters a call. Its number must be above those before it. */
  open(number: number, call: Call): void {
    if (!(number > this.#highest)) {
      throw new RangeError(`call ${number} comes after call ${this.#highest}: numbers must rise`);
    }
    this.#highest = number;
    this.#opened += 1;
    this.#open.set(number, call);
  }

  /** The open call of this number and kind, for a preliminary answer: those that come too late are as good as none. */
  peek(number: number, kind: string): Call | undefined {
    const call = this.#open.get(number);
    return call?.kind === kind ? call : undefined;
  }

  /** Ends the call that an answer belongs to, and returns it; undefined when there is none, which is counted. */
  answer(number: number, kind: string): Call | undefined {
    const call = this.peek(number, kind);
    if (call === undefined) {
      this.#count(number, this.#open.has(number));
      return undefined;
    }
    this.#open.delete(number);
    this.#answered += 1;
    return call;
  }

  /** Gives a call up; undefined when it is not open any more. An answer that comes yet is late. */
  abandon(number: number): Call | undefined {
    const call = this.#open.get(number);
    if (call === undefined) return undefined;
    this.#open.delete(number);
    this.#abandonedCount += 1;
    this.#abandoned.add(number);
    for (const oldest of this.#abandoned) {
      if (this.#abandoned.size <= MOST_ABANDONED) break;
      this.#abandoned.delete(oldest);
    }
    return call;
  }

  /** Ends all calls, and returns them in the order in which they were opened. */
  drain(): Call[] {
    const calls = [...this.#open.values()];
    this.#open.clear();
    this.#drained += calls.length;
    return calls;
  }

  counts(): RequestCounts {
    return {
      opened: this.#opened,
      answered: this.#answered,
      abandoned: this.#abandonedCount,
      drained: this.#drained,
      open: this.#open.size,
      late: this.#late,
      duplicate: this.#duplicate,
      unknown: this.#unknown,
    };
  }

  #count(number: number, wrongKind: boolean): void {
    if (wrongKind || number > this.#highest) this.#unknown += 1;
    else if (this.#abandoned.has(number)) this.#late += 1;
    else this.#duplicate += 1;
  }
}
