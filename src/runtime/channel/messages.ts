/** The protocol of a worker channel: what goes either way, as plain data that structured clone carries over. */
import type { RemoteThrown } from '../remote-error.ts';
import type { Clock } from './clock.ts';

/** On every message. */
export interface Envelope {
  /** From 1, + 1 for each message in this direction: so what is lost, doubled or out of order shows. */
  readonly seq: number;
  /** When it was sent, in milliseconds since the epoch. */
  readonly at: number;
}

/** When a handler began and ended, in milliseconds since the epoch. */
export interface HandlerTimes {
  readonly startedAt: number;
  readonly endedAt: number;
}

/**
 * From the owner to the worker. The number of a ping or request is the `seq` of its message.
 * `control` is shared memory: see `CONTROL_CELLS`.
 */
export type MessageToWorker =
  | { readonly type: 'hello'; readonly control: Int32Array<SharedArrayBuffer> }
  | { readonly type: 'ping' }
  | { readonly type: 'request'; readonly handler: string; readonly input: unknown }
  | { readonly type: 'abort'; readonly of: number }
  | { readonly type: 'shutdown' };

/** From the worker to its owner. `to` is the number of the ping or request that it answers. */
export type MessageFromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'pong'; readonly to: number }
  | { readonly type: 'part'; readonly to: number; readonly index: number; readonly value: unknown }
  | { readonly type: 'result'; readonly to: number; readonly value: unknown; readonly times: HandlerTimes }
  | {
      readonly type: 'error';
      readonly to: number;
      readonly thrown: RemoteThrown;
      readonly times: HandlerTimes;
    }
  | { readonly type: 'unknown handler'; readonly to: number; readonly known: readonly string[] }
  | { readonly type: 'dropped'; readonly to: number };

/**
 * Cells of the control words that both sides share, since a worker whose handler computes takes no messages.
 * RUNNING: number of the request whose handler has the thread; 0 when none has. Written by the worker only.
 * ABORTED: number of the request that was given up while it was running. Written by the owner only.
 */
export const CONTROL_CELLS = { running: 0, aborted: 1, count: 2 } as const;

/** What both ends post messages with. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
}

/** The sending end of one direction. */
export class Outbox<Message extends object> {
  readonly #port: Port;
  readonly #clock: Clock;
  #seq = 0;

  constructor(port: Port, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
  }

  /**
   * Posts a message and returns its number. What cannot be cloned throws, and takes no number.
   *
   * @throws DataCloneError as `postMessage`
   */
  post(message: Message, transfer?: readonly unknown[]): number {
    const envelope: Envelope = { seq: this.#seq + 1, at: this.#clock.now() };
    this.#port.postMessage({ ...message, ...envelope }, transfer);
    this.#seq += 1;
    return this.#seq;
  }
}

/** Whether something that came is a message of this protocol: workers may post others. */
export function isMessage(value: unknown): value is Envelope & { readonly type: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { type, seq, at } = value as Record<string, unknown>;
  return typeof type === 'string' && typeof at === 'number' && Number.isSafeInteger(seq) && Number(seq) >= 1;
}
