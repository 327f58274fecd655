/** What a thread of a crew runs: a topic's jobs, as they are asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { Barrier } from '../../src/runtime/index.ts';
import type { CrewData, CrewTopic, Shift } from './crew.ts';

const { topic, thread, data, gate } = workerData as CrewData;
const port = parentPort!; // this is a worker
const { jobs } = (await import(topic)) as CrewTopic<unknown>;
const own = jobs(data, thread);
const barrier = Barrier.attach(gate, 0);

port.on('message', async ({ job, operations }: { job: string; operations: number }) => {
  const work = own[job]!; // its name comes from the same module
  barrier.wait();
  const start = process.hrtime.bigint();
  await work(operations);
  const shift: Shift = { start, end: process.hrtime.bigint() };
  port.postMessage(shift);
});
port.postMessage('ready');
