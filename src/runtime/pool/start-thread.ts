/** The first module of a spawned thread: runs one export of a module and sends what comes of it. */
import { encodeThrown } from '../remote-error.ts';
import { untransfer } from './current-task.ts';
import { setEquipment } from './equipment.ts';

const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const { module, name, args, equipment } = workerData as {
  module: string;
  name: string;
  args: readonly unknown[];
  equipment: unknown;
};
setEquipment(equipment);
try {
  const exports = (await import(module)) as Record<string, unknown>;
  const run = exports[name];
  if (typeof run !== 'function') throw new TypeError(`${module} exports no function "${name}"`);
  const { value, list } = untransfer(await (run as (...args: readonly unknown[]) => unknown)(...args));
  parentPort?.postMessage({ value }, list as never);
} catch (error) {
  parentPort?.postMessage({ thrown: encodeThrown(error) });
}
