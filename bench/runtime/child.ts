/**
 * The process in which a topic is measured: `node child.js TOPIC OPTIONS`, where OPTIONS are JSON. It runs what the compiler
 * made, as it ships: no loader, no twins. Prints its rows, a JSON object a line.
 */
import { atomicsRows } from './atomics.ts';
import type { Row } from './measure.ts';
import { type MutexOptions, mutexRows } from './mutex.ts';
import { paddingRows } from './padding.ts';
import { queuesRows } from './queues.ts';
import { rwlockRows } from './rwlock.ts';
import { tlsRows } from './tls.ts';
import type { Topic } from './topics.ts';

const measures: Readonly<Record<Topic, (options: MutexOptions) => Promise<Row[]>>> = {
  mutex: mutexRows,
  atomics: atomicsRows,
  rwlock: rwlockRows,
  queues: queuesRows,
  tls: tlsRows,
  padding: paddingRows,
};

const [topic, options] = process.argv.slice(2) as [Topic, string];
for (const row of await measures[topic](JSON.parse(options) as MutexOptions))
  console.log(JSON.stringify({ topic, ...row }));
