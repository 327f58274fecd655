/** How arguments get to workers: with the task in shared memory when they are small, else by message, once it is known which worker has the task. */
import { PAYLOAD_CELLS } from './board-layout.ts';
import type { PoolMember } from './pool-member.ts';
import type { Entry } from './pool-types.ts';
import type { TaskBoard } from './task-board.ts';
import { BY_MESSAGE, Values } from './values.ts';

export class Outgoing {
  /** Of the task that was packed last. */
  readonly payload: Int32Array = new Int32Array(PAYLOAD_CELLS);
  readonly #values = new Values(this.payload);
  /** Slots of tasks whose arguments go by message. */
  readonly #slots = new Set<number>();

  /** Writes the payload; false when the arguments are to go by message. */
  pack({ definition, args, options }: Entry): boolean {
    this.payload[0] = definition.define;
    const small = options.transfer === undefined && this.#values.write(0, args);
    if (!small) this.payload[1] = BY_MESSAGE;
    return small;
  }

  /** The task is in this slot from now on. */
  place(slot: number, small: boolean): void {
    if (!small) this.#slots.add(slot);
    else if (this.#slots.size > 0) this.#slots.delete(slot);
  }

  /** The task has settled. */
  forget(slot: number): void {
    this.#slots.delete(slot);
  }

  /** Sends what goes by message to the workers that tasks were dealt to since the last call. */
  send(
    board: TaskBoard,
    entries: readonly (Entry | undefined)[],
    members: readonly (PoolMember | undefined)[],
  ): void {
    for (const slot of this.#slots) {
      const entry = entries[slot];
      const seat = entry === undefined ? undefined : board.seatOf(slot, entry.id);
      const member = seat === undefined ? undefined : members[seat];
      if (entry === undefined || member === undefined || entry.sentTo === member) continue;
      // What moves would be gone if the worker died before: it moves once the task has begun, and its worker asks.
      if (entry.options.transfer !== undefined && !board.isRunning(slot, entry.id)) continue;
      entry.sentTo = member;
      member.sendArguments(entry);
    }
  }
}
