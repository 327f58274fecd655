/** One worker of a pool, as its owner has it: the thread, the port for what does not fit into the board, and what came by it. */

import type { RemoteThrown } from '../remote-error.ts';
import type { BoardHandle } from './board-layout.ts';
import type { Equipment } from './equipment.ts';
import type { PoolConfiguration } from './pool-options.ts';
import type { Entry } from './pool-types.ts';
import type { FromWorker, Port, ToWorker } from './pool-worker.ts';
import type { PoolThread, startThread } from './worker-thread.ts';

export interface MemberOptions {
  readonly board: BoardHandle;
  readonly seat: number;
  readonly configuration: PoolConfiguration;
  /** Whether a module of tasks is TypeScript. */
  readonly typeScript: boolean;
  readonly begun: number;
  readonly definitions: readonly ToWorker[];
  readonly equipment: Equipment;
  readonly startThread: typeof startThread;
}

/** A result or an error that came by message. */
export type Answer = Exclude<Extract<FromWorker, { readonly id: number }>, Part>;

export type Part = Extract<FromWorker, { readonly part: unknown }>;

export class PoolMember {
  readonly seat: number;
  readonly thread: PoolThread;
  readonly port: Port;
  /** When it was started, on the pool's clock. */
  readonly begun: number;
  /** Tasks that it has ended; and how many when somebody last looked for idle workers. */
  tasks = 0;
  tasksSeen = 0;
  ready = false;
  /** What ended its thread, if that was an error. */
  error: unknown;
  /** Errors that tasks left behind, not yet told. */
  readonly late: RemoteThrown[] = [];
  /** Preliminary results, not yet told. */
  readonly parts: Part[] = [];
  readonly #equipment: Equipment;
  readonly #answers = new Map<number, Answer>();
  #seen = 0;
  /** The running task that was cancelled last: nobody waits for its answer. A worker is in one task at a time. */
  #ignored = -1;

  constructor(options: MemberOptions) {
    const { MessageChannel } = process.getBuiltinModule('node:worker_threads');
    const { port1, port2 } = new MessageChannel();
    const { board, seat } = options;
    const { spinMs, hooks, worker } = options.configuration;
    this.seat = seat;
    this.#equipment = options.equipment;
    this.begun = options.begun;
    this.port = port1 as unknown as Port;
    port1.unref();
    const equipment = options.equipment.data;
    const start = { board, seat, port: port2 as unknown as Port, spinMs, hooks, equipment };
    this.thread = options.startThread('start-worker', start, [port2], worker, options.typeScript);
    this.thread.unref();
    this.thread.on('error', (error) => {
      this.error = error;
    });
    for (const definition of options.definitions) this.port.postMessage(definition);
  }

  /** Takes in what came by the port, if the worker has sent anything since: `mailed` counts. Says whether there is something to tell. */
  receive(mailed: number): boolean {
    if (mailed !== this.#seen) this.#read();
    this.#seen = mailed;
    return this.parts.length > 0 || this.late.length > 0;
  }

  #read(): void {
    const { receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
    for (;;) {
      const received = receiveMessageOnPort(this.port as never);
      if (received === undefined) return;
      const message = received.message as FromWorker;
      if (!('id' in message)) {
        if ('late' in message) this.late.push(message.late);
        else this.ready = true;
      } else if (message.id === this.#ignored) continue;
      else if ('part' in message) this.parts.push(message);
      else this.#answers.set(message.id, message);
    }
  }

  /** Forgets the answer to the task that the worker is in. */
  ignore(id: number, mailed: number): void {
    this.receive(mailed);
    this.#ignored = id;
    this.#answers.delete(id);
  }

  /** Sends arguments that do not fit into the board. When they cannot be sent, the worker is told, and the entry knows why. */
  sendArguments(entry: Entry): void {
    const { id, args, options } = entry;
    const { transfer = [] } = options;
    try {
      if (transfer.some(isDetached))
        throw new TypeError(
          'an ArrayBuffer of transfer has moved already: it is empty, and cannot move again',
        );
      this.port.postMessage({ id, args }, transfer);
    } catch (error) {
      entry.failed = error;
      this.port.postMessage({ id, unsendable: true });
    }
  }

  /** The answer to a task, which is forgotten. */
  take(id: number): Answer | undefined {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    return answer;
  }

  /** Its thread is gone. */
  close(): void {
    this.port.close();
    this.#equipment.release();
  }
}

/** postMessage of Node 20 takes an ArrayBuffer that has moved for an empty one. */
function isDetached(each: object): boolean {
  if (!(each instanceof ArrayBuffer) || each.byteLength > 0) return false;
  try {
    new Uint8Array(each);
    return false;
  } catch {
    return true;
  }
}
