/** The door to what a pool does not decide itself: threads, time, and when its own thread comes back to it. A test puts its own in its place. */
import { type Clock, systemClock } from '../channel/clock.ts';
import { sharedClock } from './values.ts';
import { startThread } from './worker-thread.ts';

/** What keeps the process alive while it is on; off at first. */
export interface Hold {
  set(on: boolean): void;
  /** Nothing is left of it. */
  end(): void;
}

export interface PoolPlatform extends Clock {
  readonly startThread: typeof startThread;
  /** Calls `run` once, after what is due in the event loop. */
  soon(run: () => void): void;
  /** As `Atomics.waitAsync`; nothing when there is nothing to wait for. */
  waitAsync(view: Int32Array<SharedArrayBuffer>, cell: number, value: number): Promise<unknown> | undefined;
  hold(): Hold;
}

export function systemPlatform(): PoolPlatform {
  return {
    now: sharedClock(),
    after: systemClock.after,
    startThread,
    soon: setImmediate,
    waitAsync: (view, cell, value) => {
      const wait = Atomics.waitAsync(view, cell, value);
      return wait.async ? wait.value : undefined;
    },
    hold: () => {
      const timer = setInterval(() => undefined, 2 ** 30);
      timer.unref();
      return { set: (on) => void (on ? timer.ref() : timer.unref()), end: () => clearInterval(timer) };
    },
  };
}
