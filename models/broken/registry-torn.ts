/**
 * A registry whose readers trust what they copied.
 *
 * Fault: a torn snapshot. A slot is written again two commits later: T0 snapshot: reads the head and key 0; T1 set, set: the second one into the
 * slot that T0 reads; T0 reads key 1 of it.
 *
 * Odds: see properties/broken.ts
 */
import type { Codec } from '../../src/runtime/codec.ts';
import { PairRegistry, type PairRegistryHandle } from './pair-registry.ts';

/** A reader may see parts of two versions. */
export class TornRegistry<T> extends PairRegistry<T> {
  /** An empty registry in the cells of a view, which are 0. */
  static create<T>(
    view: Int32Array<SharedArrayBuffer>,
    _index: number,
    { keys }: { readonly keys: number },
    codec: Codec<T>,
  ): TornRegistry<T> {
    const registry = new TornRegistry({ view, keys }, codec);
    registry.initialise();
    return registry;
  }

  /** A handle on a registry that was created elsewhere. Touches no cell. */
  static attach<T>(handle: PairRegistryHandle, codec: Codec<T>): TornRegistry<T> {
    return new TornRegistry(handle, codec);
  }

  protected override isCurrent(): boolean {
    // FAULT REG-TORN: a writer may have taken the slot since. Look whether the head is still the same.
    return true;
  }
}
