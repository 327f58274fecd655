/** Implementations that do nothing: each must fail its property, or the property proves nothing. */

const cell = {
  load: (): number => 0,
  store: (value: number): number => value,
  add: (): number => 0,
  sub: (): number => 0,
  and: (): number => 0,
  or: (): number => 0,
  xor: (): number => 0,
  exchange: (): number => 0,
  compareExchange: (): number => 0,
};

const cell64 = Object.fromEntries(Object.keys(cell).map((name) => [name, (): bigint => 0n]));

const lock = {
  lock(): void {},
  tryLock: (): boolean => true,
  lockFor: (): boolean => true,
  unlock(): void {},
};

const barrier = { wait: (): string => 'follower' };

const allocator = { handle: {}, allocate: (): number => 0, free(): void {} };

const always = <T>(value: T): { create(): T; attach(): T } => ({ create: () => value, attach: () => value });

/** By the name of the property. */
export const nullSubjects: Readonly<Record<string, unknown>> = {
  'atomics-i32': always(cell),
  'atomics-i64': always(cell64),
  'mutual-exclusion': always(lock),
  'barrier-generations': always(barrier),
  'allocator-disjoint': always(allocator),
};
