/**
 * A registry that counts accesses by a load and a store.
 *
 * Fault O2, in the registry: of two reads at once one is counted: T0 load, T1 load, T1 store, T0 store.
 *
 * Odds: see properties/broken.ts
 */
import type { Codec } from '../../src/runtime/codec.ts';
import { PairRegistry, type PairRegistryHandle } from './pair-registry.ts';

/** Reads at the same time may count as one. */
export class MiscountingRegistry<T> extends PairRegistry<T> {
  /** An empty registry in the cells of a view, which are 0. */
  static create<T>(
    view: Int32Array<SharedArrayBuffer>,
    _index: number,
    { keys }: { readonly keys: number },
    codec: Codec<T>,
  ): MiscountingRegistry<T> {
    const registry = new MiscountingRegistry({ view, keys }, codec);
    registry.initialise();
    return registry;
  }

  /** A handle on a registry that was created elsewhere. Touches no cell. */
  static attach<T>(handle: PairRegistryHandle, codec: Codec<T>): MiscountingRegistry<T> {
    return new MiscountingRegistry(handle, codec);
  }

  protected override count(cell: number): void {
    // FAULT REG-COUNT: another reader may count between the load and the store. Add.
    Atomics.store(this.view, cell, Atomics.load(this.view, cell) + 1);
  }
}
