/**
 * `npm run bench -- runtime`: what the runtime's primitives cost, beside what they are made of and what they replace.
 *
 * What ships is what is timed: the compiler makes JavaScript of the runtime and of the measuring code in a temporary folder,
 * and each topic runs there, in a process of its own (no topic meets types that another one has fed to the optimiser),
 * without loaders and without twins. Workers start from that JavaScript too.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { progress } from '../src/report/progress.ts';
import { renderTable } from '../src/report/table.ts';
import type { Pace, Row, Spread } from './runtime/measure.ts';
import type { MutexOptions } from './runtime/mutex.ts';
import type { Topic } from './runtime/topics.ts';

export interface RuntimeBenchOptions extends Pace {
  readonly topics: readonly Topic[];
  readonly json: boolean;
}

const root = join(import.meta.dirname, '..');

/** Measures, and prints a table, or a JSON object a line as soon as its topic is done. */
export async function benchRuntime({ topics, json, ...pace }: RuntimeBenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-runtime-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const status = progress(5_000, json);
  const rows: (string | number)[][] = [];
  const missing: string[] = [];
  try {
    build(folder);
    for (const topic of topics) {
      const waiting = setInterval(() => status.update(() => `${topic}: measuring`), 1_000);
      try {
        for (const line of await measured(folder, topic, pace)) {
          if (json) console.log(line);
          const row = JSON.parse(line) as Row;
          if ('skipped' in row) missing.push(`${row.subject} beside ${row.against}: ${row.skipped}`);
          else rows.push(cellsOf(row));
        }
      } finally {
        clearInterval(waiting);
      }
    }
  } finally {
    status.clear();
    remove();
    process.off('exit', remove);
  }
  if (json) return;
  console.log(
    `nanoseconds an operation: CPU time of one thread, wall time of several; medians of ${pace.rounds} rounds (least-most);\n` +
      'cores: processors at work on either side, near 2 where two threads had the machine for themselves and did not sleep',
  );
  const head = ['what', 'ns', 'against', 'ns', 'ratio', 'spread', 'target', '', 'by CPU time', 'cores'];
  console.log(renderTable(head, rows));
  for (const line of missing) console.log(`left out: ${line}`);
}

/** Compiles the runtime and the measuring code, with the options by which the package is built. */
function build(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const configuration = join(folder, 'tsconfig.json');
  const settings = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: root,
      typeRoots: [join(root, 'node_modules/@types')],
      outDir: folder,
      declaration: false,
      isolatedDeclarations: false,
      sourceMap: false,
      inlineSources: false,
    },
    include: [join(root, 'src/runtime'), join(root, 'bench/runtime')],
    exclude: [join(root, 'src/runtime/**/*.test.ts')],
  };
  writeFileSync(configuration, JSON.stringify(settings));
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  execFileSync(process.execPath, [join(dirname(manifest), 'bin/tsc'), '-p', configuration], {
    stdio: ['ignore', 2, 2],
  });
}

/** The rows of a topic, each as the line of JSON that its process printed. */
async function measured(folder: string, topic: Topic, pace: Pace): Promise<string[]> {
  const options: MutexOptions = { ...pace, folder, source: join(root, 'bench/runtime/pthread-mutex.c') };
  const child = spawn(
    process.execPath,
    [join(folder, 'bench/runtime/child.js'), topic, JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  const code = await ended;
  if (code !== 0)
    throw new Error(`the process that measures ${topic} ended with ${code}: see its message above`);
  return lines;
}

function cellsOf(row: Exclude<Row, { readonly skipped: string }>): (string | number)[] {
  const { subject, against, subjectNs, againstNs, of, ratio, target, met } = row;
  return [
    subject,
    withSpread(subjectNs),
    against,
    withSpread(againstNs),
    `${ratio.median}x the ${of}`,
    `${ratio.least}-${ratio.most}`,
    target ?? 'reported',
    met === null ? '' : met ? 'met' : 'missed',
    row.clock === 'cpu' ? '' : `${row.cpuRatio.median}x`,
    `${row.subjectCores.toFixed(2)} / ${row.againstCores.toFixed(2)}`,
  ];
}

function withSpread({ median, least, most }: Spread): string {
  return `${median} (${least}-${most})`;
}
