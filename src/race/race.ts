/** A data race, as data: two accesses to overlapping bytes of shared memory that nothing orders. */

export interface Access {
  readonly thread: number;
  /** Position in the execution of the step that the access is, or runs after. */
  readonly step: number;
  /** Index into the table of sites, or -1. */
  readonly site: number;
  readonly write: boolean;
  /** By a function of `Atomics`; two atomic accesses race only where their widths differ. */
  readonly atomic: boolean;
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface Race {
  readonly buffer: number;
  /** In the order of the execution. */
  readonly first: Access;
  readonly second: Access;
}

/** What an atomic step does to the order between threads. */
export const ACQUIRE = 0;
/** A store: later loads of the cell come after it, and after nothing that was there before. */
export const RELEASE = 1;
/** A read-modify-write: both. */
export const BOTH = 2;
/** A wait that compared: a load, and a visit to the waiter list. */
export const WAITED = 3;
/** A visit to the waiter list alone: a notify, a wake-up, a time-out. */
export const VISIT = 4;

export type Role = number;
