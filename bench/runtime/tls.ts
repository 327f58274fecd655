/** What reading a thread-local variable costs. */
import { codecs, ThreadLocal, ThreadStorage } from '../../src/runtime/index.ts';
import { compare, interleave, type Pace, type Row, single } from './measure.ts';

/** Rows of thread-local storage. */
export async function tlsRows(pace: Pace): Promise<Row[]> {
  const view = new Int32Array(new SharedArrayBuffer(4 * (ThreadStorage.cells() + 16)));
  const bareCell = ThreadStorage.cells();
  const storage = ThreadStorage.create(view, 0);
  storage.claim();
  const variable = ThreadLocal.create(storage, codecs.int32);
  variable.set(1);
  Atomics.store(view, bareCell, 1);
  const load = single('Atomics.load', (operations) => {
    let sum = 0;
    for (let i = 0; i < operations; i += 1) sum = (sum + Atomics.load(view, bareCell)) | 0;
    return sum;
  });
  const get = single('ThreadLocal.get', (operations) => {
    let sum = 0;
    for (let i = 0; i < operations; i += 1) sum = (sum + variable.get()!) | 0; // set above
    return sum;
  });
  const store = single('Atomics.store', (operations) => {
    for (let i = 0; i < operations; i += 1) Atomics.store(view, bareCell, i);
  });
  const set = single('ThreadLocal.set', (operations) => {
    for (let i = 0; i < operations; i += 1) variable.set(i & 0xffff);
  });
  const samples = await interleave([get, load, set, store], pace);
  return [compare(samples, get, load), compare(samples, set, store)];
}
