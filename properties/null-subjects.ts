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

const barrier = { wait: (): string => 'follower', abort(): void {} };

const condition = {
  wait(): void {},
  waitFor: (): string => 'notified',
  notifyOne(): void {},
  notifyAll(): void {},
};

const semaphore = {
  acquire(): void {},
  tryAcquire: (): boolean => true,
  acquireFor: (): boolean => true,
  release(): void {},
  available: (): number => 0,
};

const latch = {
  countDown: (): number => 0,
  wait(): void {},
  waitFor: (): boolean => true,
  tryWait: (): boolean => true,
  count: (): number => 0,
};

const once = { run: (): boolean => true, isDone: (): boolean => false };

const allocator = { handle: {}, allocate: (): number => 0, free(): void {} };

const always = <T>(value: T): { create(): T; attach(): T } => ({ create: () => value, attach: () => value });

const rwLock = {
  lockShared(): void {},
  tryLockShared: (): boolean => true,
  lockSharedFor: (): boolean => true,
  lockExclusive(): void {},
  tryLockExclusive: (): boolean => true,
  lockExclusiveFor: (): boolean => true,
  unlockShared(): void {},
  unlockExclusive(): void {},
  downgrade(): void {},
  tryUpgrade: (): boolean => true,
  poison: (): boolean => true,
  clearPoison: (): boolean => true,
  waitingReaders: (): number => 0,
  waitingWriters: (): number => 0,
};

/** Lets everybody wait. */
const lockGraph = {
  register(): void {},
  acquire: (_lock: unknown, _mode: unknown, timeoutMs: number): boolean => timeoutMs === Infinity,
  change: (): undefined => undefined,
  inversions: (): readonly unknown[] => [],
};

const memory = {
  handle: {},
  byteLength: 0,
  grow: (): number => 0,
  int32: (): Int32Array => new Int32Array(1),
  readInt32: (): number => 0,
  writeInt32(): void {},
};

const padded = {
  handle: { offset: 64 },
  add: (): number => 0,
  load: (): number => 0,
  free(): void {},
};

const flag = { set: (): boolean => true, clear: () => false, isSet: () => false, wait: () => true };

const queue = {
  handle: {},
  put(): void {},
  tryPut: (): boolean => true,
  putFor: (): boolean => true,
  offer: (): boolean => false,
  take: (): number => 0,
  tryTake(): void {},
  takeFor(): void {},
  close: (): boolean => true,
  isClosed: (): boolean => false,
  stats: (): object => ({ offered: 0, taken: 0, dropped: 0, queued: 0 }),
};

const registry = {
  handle: {},
  get(): void {},
  set: (): number => 1,
  delete: (): boolean => false,
  update: (): object => ({ value: 0, complement: -1 }),
  change(): void {},
  snapshot: (): object => ({ version: 0, records: [] }),
  version: (): number => 0,
  accesses: (): number => 0,
};

const channel = {
  state: 'ready',
  ping: async (): Promise<number> => 0,
  request: async (): Promise<void> => {},
  shutdown: async (): Promise<void> => {},
  stats(): void {},
};

const supervisor = {
  start: async (): Promise<object> => ({}),
  stop: async (): Promise<void> => {},
  close: async (): Promise<void> => {},
};

const gathered = { results: new Map(), errors: new Map(), missing: [] };

const report = { summarise: () => ({ total: 0, passed: 0, failed: 0, passRate: 0 }), exitCodeOf: () => 0 };

const line = {
  offer: () => ({ begin: [], dropped: [] }),
  done: () => [],
  withdraw: () => [],
  stats: () => ({ offered: 0, processed: 0, dropped: 0, queued: 0 }),
};

const storage = {
  handle: {},
  claim: (): number => 0,
  release(): void {},
  allocateKey: () => ({ offset: 0 }),
};

const variable = { key: {}, get(): void {}, set(): void {}, has: (): boolean => false, delete: () => false };

const board = {
  handle: {},
  submit: (): number => 0,
  lastId: 0,
  deal(): void {},
  cancel: (): string => 'late',
  takeBack: (): number => 0,
  collect: (): number => -1,
  outcomeOf: (): string => 'completed',
  release(): void {},
  payloadOf: (): number => 0,
  close: (): boolean => true,
  isDrained: (): boolean => true,
  isStuck: (): boolean => false,
  enlist: (): number => 0,
  retire(): void {},
  reap(): void {},
  account: (): object => ({
    submitted: 0,
    completed: 0,
    failed: 0,
    crashed: 0,
    cancelled: 0,
    rejected: 0,
    pending: 0,
    waiting: 0,
  }),
  seats: (): readonly string[] => [],
  used: (): number => 0,
  announceSleep: (): number => 0,
  endSleep(): void {},
  eventCell: 0,
};

const pool = {
  ...always(board),
  seat: () => ({
    take: () => -1,
    finish: () => true,
    publish() {},
    isCancelled: () => false,
    setBlocked() {},
  }),
};

class NoPool {
  run(): Promise<number> {
    return Promise.resolve(0);
  }
  map(): Promise<number[]> {
    return Promise.resolve([]);
  }
  async *stream(): AsyncGenerator<number> {}
  async drain(): Promise<void> {}
  async close(): Promise<void> {}
  async terminate(): Promise<void> {}
  metrics(): object {
    return { threads: 0, pending: 0 };
  }
}

/** By the name of the property. */
export const nullSubjects: Readonly<Record<string, unknown>> = {
  'atomics-i32': always(cell),
  'atomics-i64': always(cell64),
  'sequential-consistency': always(cell),
  visibility: always(cell),
  'high-contention': always(cell),
  'memory-pressure': always({ ...allocator, stats: () => ({ capacityBytes: 512, usedBytes: 0 }) }),
  'mutual-exclusion': always(lock),
  'no-data-races': always(lock),
  'barrier-generations': always(barrier),
  'barrier-crowd': always(barrier),
  'barrier-breaks': always(barrier),
  'condition-waits': always(condition),
  'semaphore-permits': always(semaphore),
  'latch-opens': always(latch),
  'once-runs': always(once),
  'allocator-disjoint': always(allocator),
  'rwlock-linearizable': always(rwLock),
  'rwlock-overlap': always(rwLock),
  'rwlock-bounded': always(rwLock),
  'rwlock-poison': always(rwLock),
  'mutex-poison': always({ ...lock, poison: (): boolean => true, clearPoison: (): boolean => true }),
  'lock-graph': always(lockGraph),
  'memory-growth': always(memory),
  'padded-lines': { int32: { create: () => padded }, int64: { create: () => padded } },
  'atomics-u32': always(cell),
  'atomic-flag': always(flag),
  'atomic-counter': always({ increment: () => 0, decrement: () => 0, value: () => 0 }),
  'atomic-batch': always({ ...cell, execute: () => 0, result: () => 0 }),
  'batch-under-lock': always({ move(): void {}, total: () => 0 }),
  'mpmc-queue': always(queue),
  'mpmc-wake-ups': always(queue),
  'spsc-ring': always(queue),
  'inbox-accounting': always(queue),
  'registry-linearizable': always(registry),
  'channel-calls': { start: async () => channel },
  'pool-accounting': pool,
  'pool-races': pool,
  'pool-stuck': pool,
  'pool-shell': NoPool,
  'supervisor-one': always(supervisor),
  'gather-rounds': always({ gather: async () => gathered }),
  'scenario-report': report,
  'latest-wins': always(line),
  'tls-isolation': { storage: always(storage), variable: always(variable) },
};

/** Those of the properties for campaigns. */
export const campaignNullSubjects: Readonly<Record<string, unknown>> = {
  'pool-kinds': pool,
  'pool-long': pool,
};
