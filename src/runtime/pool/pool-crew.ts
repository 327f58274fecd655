/** Looks over all workers, or all pending tasks, of a pool. */
import type { PoolMember } from './pool-member.ts';
import type { Entry } from './pool-types.ts';
import type { TaskBoard } from './task-board.ts';

/** Has workers leave that have ended no task since the last call, down to so many. */
export function retireIdle(
  board: TaskBoard,
  members: readonly (PoolMember | undefined)[],
  minThreads: number,
): void {
  const states = board.seats();
  const stays = (member: PoolMember | undefined, seat: number): boolean =>
    member !== undefined && board.isStaying(seat);
  let spare = members.filter(stays).length - minThreads;
  for (const [seat, member] of members.entries()) {
    if (member === undefined || !stays(member, seat)) continue;
    if (spare > 0 && states[seat] === 'idle' && member.tasks === member.tasksSeen) {
      board.retire(seat);
      spare -= 1;
    }
    member.tasksSeen = member.tasks;
  }
}

/** The task that was submitted last of those that run, with its slot. */
export function youngestRunning(
  board: TaskBoard,
  entries: readonly (Entry | undefined)[],
): readonly [slot: number, entry: Entry] | undefined {
  let youngest: readonly [slot: number, entry: Entry] | undefined;
  for (const [slot, entry] of entries.entries()) {
    if (entry === undefined || !board.isRunning(slot, entry.id)) continue;
    if (youngest === undefined || entry.id > youngest[1].id) youngest = [slot, entry];
  }
  return youngest;
}

/** Milliseconds that the workers have been there, together. */
export function livedMs(members: readonly (PoolMember | undefined)[], now: number): number {
  return members.reduce((sum, member) => sum + (member === undefined ? 0 : now - member.begun), 0);
}
