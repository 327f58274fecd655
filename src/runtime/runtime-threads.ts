/**
 * The threads of a ThreadRuntime: its pool and its thread manager, each made when it is first asked for. Every thread that they start has a thread id
 * waiting for it, claimed on its behalf before it starts and forgotten when it is gone, so that a thread that dies keeps none.
 */
import { type Equipment, equipped } from './pool/equipment.ts';
import { ThreadManager } from './pool/thread-manager.ts';
import { ThreadPool } from './pool/thread-pool.ts';
import type { ThreadRuntimeHandle } from './runtime.ts';
import type { RuntimePoolOptions } from './runtime-configuration.ts';
import { ThreadStorage } from './tls/thread-storage.ts';

/** What a thread of a runtime is given. */
export interface RuntimeEquipment {
  readonly runtime: ThreadRuntimeHandle;
  /** Its thread id; -1 when all were in use. */
  readonly thread: number;
}

const isForRuntime = (data: unknown): data is RuntimeEquipment =>
  typeof data === 'object' && data !== null && 'runtime' in data && 'thread' in data;

/** What the runtime's owner gave to this thread, and what `make` made of it; undefined when it gave nothing. */
export function equippedRuntime<Made>(
  make: (given: RuntimeEquipment) => Made,
  isUsable: (made: Made) => boolean,
): Made | undefined {
  const here = equipped();
  if (here === undefined || !isForRuntime(here.data)) return undefined;
  if (here.made === undefined || !isUsable(here.made as Made)) here.made = make(here.data);
  return here.made as Made;
}

export class RuntimeThreads {
  readonly #handle: ThreadRuntimeHandle;
  readonly #options: RuntimePoolOptions;
  #pool: ThreadPool | undefined;
  #manager: ThreadManager | undefined;

  constructor(handle: ThreadRuntimeHandle, options: RuntimePoolOptions) {
    this.#handle = handle;
    this.#options = options;
  }

  pool(): ThreadPool {
    const { workers } = this.#handle.configuration;
    const options = { ...this.#options, minThreads: workers, maxThreads: workers };
    this.#pool ??= new ThreadPool(options, () => this.#equip());
    return this.#pool;
  }

  /** @throws RangeError when the pool's workers and the creating thread are all that there may be */
  manager(): ThreadManager {
    const { workers, threads } = this.#handle.configuration;
    const maxThreads = threads - 1 - workers;
    if (maxThreads < 1)
      throw new RangeError(
        `this ThreadRuntime has ${threads} threads, of which ${workers} are its workers and one created it: raise threads to spawn others`,
      );
    const { worker } = this.#options;
    this.#manager ??= new ThreadManager({ maxThreads, ...(worker === undefined ? {} : { worker }) }, () =>
      this.#equip(),
    );
    return this.#manager;
  }

  /** Lets what was begun end: the pool's tasks, and the threads that nobody has joined. */
  async close(): Promise<void> {
    await Promise.all([this.#pool?.close(), this.#manager?.joinAll()]);
  }

  /** Ends all threads, whatever they do. */
  async terminate(): Promise<void> {
    await Promise.all([this.#pool?.terminate(), this.#manager?.terminate()]);
  }

  #equip(): Equipment {
    const storage = ThreadStorage.attach(this.#handle.storage);
    const thread = storage.tryClaim();
    const data: RuntimeEquipment = { runtime: this.#handle, thread };
    return { data, release: () => void (thread >= 0 && storage.forget(thread)) };
  }
}
