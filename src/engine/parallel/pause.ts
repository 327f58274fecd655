/** Where a worker is that does not come back: its debugger is asked to stop it in the middle of whatever it does, and to say where. */
import { Session } from 'node:inspector';

/** A worker that sleeps in the platform cannot be stopped there: then there is no answer. */
const mostMs = 1_500;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly callFrames?: readonly { readonly callFrameId: string }[] };
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/**
 * The stacks of workers, by Node's number of the thread, for those that could be stopped. They go on afterwards.
 * @param threadIds `worker.threadId` of each.
 */
export async function stacksOf(threadIds: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const stacks = new Map<number, string>();
  const session = new Session();
  session.connect();
  try {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, mostMs);
      let open = threadIds.length;
      const answered = (): void => {
        if (--open > 0) return;
        clearTimeout(timer);
        resolve();
      };
      const ask = (sessionId: string, id: number, method: string, params: object = {}): void =>
        session.post('NodeWorker.sendMessageToWorker', {
          sessionId,
          message: JSON.stringify({ id, method, params }),
        });
      const workers = new Map<string, number>();
      session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
        const id = Number(/\d+/.exec(workerInfo.title)?.[0]); // [worker 3]
        if (!threadIds.includes(id)) return;
        workers.set(sessionId, id);
        ask(sessionId, 1, 'Debugger.enable');
        ask(sessionId, 2, 'Debugger.pause');
      });
      session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
        const { id, method, params, result } = JSON.parse(message) as Message;
        const frame = params?.callFrames?.[0];
        if (method === 'Debugger.paused' && frame !== undefined) {
          // Evaluated there, so that the places are those of the source.
          ask(sessionId, 3, 'Debugger.evaluateOnCallFrame', {
            callFrameId: frame.callFrameId,
            expression: 'new Error().stack',
          });
          // One that stands in its debugger could not be ended.
          ask(sessionId, 4, 'Debugger.resume');
        }
        const worker = workers.get(sessionId);
        if (worker === undefined) return;
        if (id === 3) stacks.set(worker, String(result?.result?.value ?? ''));
        if (id === 4) answered();
      });
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    });
  } finally {
    session.disconnect();
  }
  return stacks;
}
