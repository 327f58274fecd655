/** What methods and batches add to the atomic operations, or save. */
import { AtomicBatch, AtomicInt32 } from '../../src/runtime/index.ts';
import { BLOCK, compare, interleave, type Pace, type Row, single } from './measure.ts';

declare const WebAssembly: {
  readonly Memory: new (shape: {
    initial: number;
    maximum: number;
    shared: true;
  }) => {
    readonly buffer: SharedArrayBuffer;
  };
};

const PAGE_BYTES = 65_536;
/** Cells that a batch goes round: a power of two. */
const CELLS = 8;

/** Rows of single operations and batches. */
export async function atomicsRows(pace: Pace): Promise<Row[]> {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const view = new Int32Array(memory.buffer, 0, 64);
  const atomic = AtomicInt32.create(view, 16);
  const kernel = AtomicBatch.create(view, { capacity: BLOCK, kernel: { memory, offset: PAGE_BYTES } });
  const script = AtomicBatch.create(view, { capacity: BLOCK });
  const bare = single('Atomics.add', (operations) => {
    for (let i = 0; i < operations; i += 1) Atomics.add(view, 32, 1);
  });
  const method = single('AtomicInt32.add', (operations) => {
    for (let i = 0; i < operations; i += 1) atomic.add(1);
  });
  const loop = single('loop of Atomics.add', (operations) => {
    for (let i = 0; i < operations; i += 1) Atomics.add(view, i & (CELLS - 1), 1);
  });
  // Queued and run: all that a user pays for, the results not read.
  const batchOf = (name: string, batch: AtomicBatch) =>
    single(name, (operations) => {
      for (let done = 0; done < operations; done += BLOCK) {
        for (let i = 0; i < BLOCK; i += 1) batch.add(i & (CELLS - 1), 1);
        batch.execute();
      }
    });
  const inKernel = batchOf('AtomicBatch of 1,000, kernel', kernel);
  const inScript = batchOf('AtomicBatch of 1,000, JavaScript', script);
  const samples = await interleave([bare, method, loop, inKernel, inScript], pace);
  return [
    compare(samples, method, bare, { most: 1.1 }),
    compare(samples, inKernel, loop, { most: 1, belowNs: 10 }),
    compare(samples, inScript, loop),
  ];
}
