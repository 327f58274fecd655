/** Messages a second from one worker to another: through shared memory, and through a MessageChannel. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { codecs, MpmcQueue, type QueueHandle, SpscRing } from '../../src/runtime/index.ts';
import { Crew, type Job } from './crew.ts';
import { compare, interleave, type Pace, type Row } from './measure.ts';

/** Items that a queue holds. */
const CAPACITY = 1024;

interface QueueData {
  readonly ring: QueueHandle;
  readonly queue: QueueHandle;
  readonly port: MessagePort;
}

const cells = (count: number) => new Int32Array(new SharedArrayBuffer(4 * count));

/** Rows of queues: an integer a message, in both. */
export async function queuesRows(pace: Pace): Promise<Row[]> {
  const { int32 } = codecs;
  const ring = SpscRing.create(cells(SpscRing.cells(CAPACITY, int32)), 0, CAPACITY, int32).handle;
  const queue = MpmcQueue.create(cells(MpmcQueue.cells(CAPACITY, int32)), 0, CAPACITY, int32).handle;
  const { port1, port2 } = new MessageChannel();
  const data: QueueData[] = [port1, port2].map((port) => ({ ring, queue, port }));
  const crew = await Crew.start(import.meta.url, data, [[port1], [port2]]);
  try {
    const spsc = crew.case('SpscRing');
    const mpmc = crew.case('MpmcQueue');
    const post = crew.case('postMessage');
    const samples = await interleave([spsc, post, mpmc], pace);
    return [compare(samples, spsc, post, { least: 10 }), compare(samples, mpmc, post, { least: 5 })];
  } finally {
    await crew.end();
  }
}

/** Thread 0 sends, thread 1 receives. */
export function jobs({ ring, queue, port }: QueueData, thread: number): Readonly<Record<string, Job>> {
  const spsc = SpscRing.attach(ring, codecs.int32);
  const mpmc = MpmcQueue.attach(queue, codecs.int32);
  return {
    SpscRing: thread === 0 ? putting(spsc) : taking(spsc),
    MpmcQueue: thread === 0 ? putting(mpmc) : taking(mpmc),
    postMessage: thread === 0 ? sender(port) : receiver(port),
  };
}

function putting(queue: SpscRing<number> | MpmcQueue<number>): Job {
  return (operations) => {
    for (let i = 0; i < operations; i += 1) queue.put(i);
  };
}

function taking(queue: SpscRing<number> | MpmcQueue<number>): Job {
  return (operations) => {
    for (let i = 0; i < operations; i += 1)
      if (queue.take() !== i) throw new Error(`message ${i} is another one`);
  };
}

function sender(port: MessagePort): Job {
  return (operations) => {
    for (let i = 0; i < operations; i += 1) port.postMessage(i);
  };
}

/** One listener for all rounds: messages of a round may come before its job has begun here. */
function receiver(port: MessagePort): Job {
  let received = 0;
  let expected = Number.POSITIVE_INFINITY;
  let done = (): void => {};
  const settle = (): void => {
    if (received < expected) return;
    received -= expected;
    expected = Number.POSITIVE_INFINITY;
    done();
  };
  port.on('message', () => {
    received += 1;
    settle();
  });
  return (operations) =>
    new Promise<void>((resolve) => {
      done = resolve;
      expected = operations;
      settle();
    });
}
