/** What a thread is given at its start by whoever starts it, for code in it that knows where to look: a ThreadRuntime does. */

export interface Equipment {
  /** Goes to the thread as structured clone has it. */
  readonly data: unknown;
  /** Called on the starting thread when the thread is gone, however that came. */
  readonly release: () => void;
}

/** As the thread has it. */
export interface Equipped {
  readonly data: unknown;
  /** What was made of it, once for the thread. */
  made?: unknown;
}

export const unequipped: Equipment = { data: undefined, release: () => undefined };

// On the global object: the thread's first module and the caller's may have two copies of this module.
const key = Symbol.for('thread-pool.equipment');

export function equipped(): Equipped | undefined {
  return (globalThis as Record<symbol, unknown>)[key] as Equipped | undefined;
}

/** To be called once, at the thread's start. */
export function setEquipment(data: unknown): void {
  if (data !== undefined) (globalThis as Record<symbol, unknown>)[key] = { data } satisfies Equipped;
}
