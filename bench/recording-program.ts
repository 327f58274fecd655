/** Threads that do one operation over and over, with their history recorded or not; each answers how long it took. Workers import this module. */
import type { Program } from '../src/engine/program.ts';
import { freeCase, type Recording, record } from '../src/generate/free.ts';
import { AtomicInt32, Mutex } from '../src/runtime/index.ts';

export const operationNames = ['nothing', 'add', 'lock'] as const;

export interface RecordingData {
  readonly recorded: boolean;
  readonly operation: (typeof operationNames)[number];
  readonly threads: number;
  readonly length: number;
}

interface Local {
  nothing(): void;
  add(): number;
  lock(): void;
}

/** What `record` does but for its stamps. */
const unrecorded: Recording = (calls) => {
  const results: unknown[] = new Array(calls.length);
  for (let i = 0; i < calls.length; i++) {
    const [fn, self, args] = calls[i]!; // below its length
    try {
      results[i] = Reflect.apply(fn, self, args);
    } catch (error) {
      results[i] = error;
    }
  }
  return results;
};

/** Answers milliseconds in place of results. */
function timed(recording: Recording): Recording {
  return (calls, words, at) => {
    const start = performance.now();
    recording(calls, words, at);
    return [performance.now() - start];
  };
}

export function recordingProgram({ recorded, operation, threads, length }: RecordingData): Program {
  const list = Array.from({ length }, () => ({ name: operation, args: [] }));
  const { program } = freeCase(
    {
      plan: { prefix: [], threads: Array.from({ length: threads }, () => list) },
      operations: {},
      program: {
        threads,
        setup: () => {
          const view = new Int32Array(new SharedArrayBuffer(256));
          Mutex.create(view, 32, 63);
          return view;
        },
        attach: (shared, id): Local => {
          const view = shared as Int32Array<SharedArrayBuffer>;
          const cell = AtomicInt32.attach(view, 0);
          const mutex = Mutex.attach(view, 32, id + 1);
          return {
            nothing: () => undefined,
            add: () => cell.add(1),
            lock: () => {
              mutex.lock();
              mutex.unlock();
            },
          };
        },
        thread: () => undefined,
      },
      prefix: () => [],
      judge: (outcome) => outcome,
    },
    timed(recorded ? record : unrecorded),
  );
  return program;
}
