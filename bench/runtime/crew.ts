/** Threads that run rounds on command. They live as long as their topic, so that what is timed is warm. */
import { type MessagePort, Worker } from 'node:worker_threads';
import { Barrier } from '../../src/runtime/index.ts';
import type { Case } from './measure.ts';

/** What a thread does in a round of so many operations, all threads together. */
export type Job = (operations: number) => void | Promise<void>;

/** A topic that needs a crew exports `jobs`: they are made once in each thread. */
export interface CrewTopic<Data> {
  jobs(data: Data, thread: number): Readonly<Record<string, Job>>;
}

/** What a thread is started with. */
export interface CrewData {
  /** Address of the module that exports `jobs`. */
  readonly topic: string;
  readonly thread: number;
  readonly data: unknown;
  /** The cells of a Barrier: where all threads meet before the clock starts. */
  readonly gate: Int32Array<SharedArrayBuffer>;
}

/** When a thread began and ended its job, on the clock of the process, in nanoseconds. */
export interface Shift {
  readonly start: bigint;
  readonly end: bigint;
}

export class Crew {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  /**
   * Starts a thread for each element of `data`.
   *
   * @param topic address of the module that exports `jobs`
   * @param transfer what each thread is given rather than a copy of it
   */
  static async start(
    topic: string,
    data: readonly object[],
    transfer: readonly (readonly MessagePort[])[] = [],
  ): Promise<Crew> {
    const gate = new Int32Array(new SharedArrayBuffer(8));
    Barrier.create(gate, 0, data.length);
    // What is compiled stands beside what is compiled: this code never runs from its source.
    const entry = new URL('./crew-thread.js', import.meta.url);
    const crew = new Crew(
      data.map((own, thread) => {
        const workerData: CrewData = { topic, thread, data: own, gate };
        return new Worker(entry, { workerData, transferList: [...(transfer[thread] ?? [])] });
      }),
    );
    await crew.#answers<unknown>();
    return crew;
  }

  /** A case that is the threads' job of this name. */
  case(job: string): Case {
    return {
      name: job,
      clock: 'wall',
      threads: this.#workers.length,
      run: async (operations) => {
        const cpuBefore = process.cpuUsage();
        for (const worker of this.#workers) worker.postMessage({ job, operations });
        const shifts = await this.#answers<Shift>();
        const { user, system } = process.cpuUsage(cpuBefore);
        const starts = shifts.map(({ start }) => start);
        const ends = shifts.map(({ end }) => end);
        const wallNs = Number(
          ends.reduce((a, b) => (a > b ? a : b)) - starts.reduce((a, b) => (a < b ? a : b)),
        );
        return { ns: wallNs / operations, cores: ((user + system) * 1000) / wallNs };
      },
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** The next message of each thread. Rejects when one fails. */
  #answers<Answer>(): Promise<Answer[]> {
    return Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<Answer>((resolve, reject) => {
            const settle = (answer: Answer): void => {
              worker.off('error', reject);
              resolve(answer);
            };
            worker.once('message', settle).once('error', reject);
          }),
      ),
    );
  }
}
