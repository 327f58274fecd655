/** Tasks that wait for tasks behind them: found out by the board, given up after a while. */
import type { Clock } from '../channel/clock.ts';
import { youngestRunning } from './pool-crew.ts';
import { deadlockOf } from './pool-errors.ts';
import type { Entry } from './pool-types.ts';
import type { TaskBoard } from './task-board.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** Watches for a pool whose workers all wait while tasks are queued. If that is so for a while, the task that began last is given up for the others. */
export class Suspicion {
  readonly #board: TaskBoard;
  readonly #entries: readonly (Entry | undefined)[];
  readonly #outside: WaitingRoom;
  readonly #graceMs: number;
  readonly #clock: Clock;
  readonly #giveUp: (slot: number, entry: Entry, why: Error) => void;
  /** Whether it waits whether it stays so. */
  #waits = false;

  /**
   * @param graceMs how long it must be so
   * @param giveUp ends a task
   */
  constructor(
    board: TaskBoard,
    entries: readonly (Entry | undefined)[],
    outside: WaitingRoom,
    graceMs: number,
    clock: Clock,
    giveUp: (slot: number, entry: Entry, why: Error) => void,
  ) {
    this.#board = board;
    this.#entries = entries;
    this.#outside = outside;
    this.#graceMs = graceMs;
    this.#clock = clock;
    this.#giveUp = giveUp;
  }

  /** To be called after every change: looks whether anything goes on. */
  look(): void {
    if (this.#waits || !this.#isStuck()) return;
    this.#waits = true;
    this.#clock.after(this.#graceMs, () => this.#confirm());
  }

  #isStuck(): boolean {
    return this.#board.isStuck(this.#outside.size > 0);
  }

  #confirm(): void {
    this.#waits = false;
    if (!this.#isStuck()) return;
    const youngest = youngestRunning(this.#board, this.#entries);
    if (youngest === undefined) return;
    const [slot, entry] = youngest;
    const { waiting, pending } = this.#board.account();
    this.#giveUp(slot, entry, deadlockOf(entry, pending - waiting, waiting + this.#outside.size));
  }
}
