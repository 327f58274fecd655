/** `npm run bench -- recording`: what it costs to record an operation of a free thread, beside the same program that records nothing. */
import { FreeThreads } from '../src/engine/parallel/threads.ts';
import { renderTable } from '../src/report/table.ts';
import { operationNames, type RecordingData, recordingProgram } from './recording-program.ts';

export interface RecordingRow {
  readonly operation: string;
  readonly threads: number;
  /** ns an operation, medians of the rounds. */
  readonly bare: number;
  readonly recorded: number;
  /** ns that recording adds, round by round. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Executions of a round: the median of them counts, as any may be held up. */
const executions = 20;

export async function measureRecording(rounds: number, length: number): Promise<readonly RecordingRow[]> {
  const module = new URL('./recording-program.ts', import.meta.url).href;
  const workers = new FreeThreads({ module, exportName: 'recordingProgram' });
  const nanoseconds = async (data: RecordingData): Promise<number> => {
    const program = recordingProgram(data);
    workers.use(data);
    const shared = Array.from({ length: executions }, () => program.setup());
    const runs = await workers.run(shared, data.threads, 0);
    const times = runs.map(({ ends }) =>
      Math.max(
        ...ends.map((end) => (end.kind === 'returned' ? (end.value as readonly [number])[0] : Number.NaN)),
      ),
    );
    return (1e6 * median(times)) / length;
  };
  const rows: RecordingRow[] = [];
  try {
    for (const threads of [1, 2])
      for (const operation of operationNames) {
        const both = [false, true].map((recorded) => ({ recorded, operation, threads, length }));
        const times: [number[], number[]] = [[], []];
        // The first round warms up the compiler.
        for (let round = -1; round < rounds; round++)
          for (const [i, data] of both.entries()) {
            const time = await nanoseconds(data);
            if (round >= 0) times[i]!.push(time);
          }
        const [bare, recorded] = times;
        const more = recorded.map((time, i) => time - bare[i]!); // as long
        rows.push({
          operation,
          threads,
          bare: median(bare),
          recorded: median(recorded),
          median: median(more),
          least: Math.min(...more),
          most: Math.max(...more),
        });
      }
  } finally {
    await workers.close();
  }
  return rows;
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1]!; // one at least
}

export async function benchRecording({
  rounds,
  json,
}: {
  readonly rounds: number;
  readonly json: boolean;
}): Promise<void> {
  const rows = await measureRecording(rounds, 2_000);
  if (json) {
    for (const each of rows) console.log(JSON.stringify(each));
    return;
  }
  console.log(
    renderTable(
      ['operation', 'threads', 'bare ns', 'recorded ns', 'more', 'least', 'most'],
      rows.map(({ operation, threads, ...times }) => [
        operation,
        threads,
        ...[times.bare, times.recorded, times.median, times.least, times.most].map((n) =>
          Number(n.toFixed(1)),
        ),
      ]),
    ),
  );
}
