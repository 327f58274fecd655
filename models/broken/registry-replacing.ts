/**
 * A registry whose writers replace the whole, whatever came meanwhile.
 *
 * Fault O3: a committed write is lost. Shortest interleaving: T0 set(0): copies the snapshot; T1 set(1), whole; T0 swings the head to its own
 * copy, in which key 1 is as it was.
 *
 * Odds: see properties/broken.ts
 */
import type { Codec } from '../../src/runtime/codec.ts';
import { PairRegistry, type PairRegistryHandle } from './pair-registry.ts';

/** A writer may undo what another one committed. */
export class ReplacingRegistry<T> extends PairRegistry<T> {
  /** An empty registry in the cells of a view, which are 0. */
  static create<T>(
    view: Int32Array<SharedArrayBuffer>,
    _index: number,
    { keys }: { readonly keys: number },
    codec: Codec<T>,
  ): ReplacingRegistry<T> {
    const registry = new ReplacingRegistry({ view, keys }, codec);
    registry.initialise();
    return registry;
  }

  /** A handle on a registry that was created elsewhere. Touches no cell. */
  static attach<T>(handle: PairRegistryHandle, codec: Codec<T>): ReplacingRegistry<T> {
    return new ReplacingRegistry(handle, codec);
  }

  protected override swing(_head: number, next: number): boolean {
    // FAULT O3: another writer may have committed since the copy was made. Compare and exchange.
    Atomics.store(this.view, 0, next);
    return true;
  }
}
