/**
 * A channel that takes its listeners back from another object than it gave them to.
 *
 * Fault S6: 12 requests leave 12 listeners.
 *
 * Odds: see properties/broken.ts
 */
import { SimpleWorker } from './simple-worker.ts';

/** Listeners pile up. */
export class KeptListenerWorker extends SimpleWorker {
  protected override stopListening(listener: (value: never) => void): void {
    // FAULT S6: another object. Take it back from the worker.
    new EventTarget().removeEventListener('message', listener as never);
  }
}
