/** A finding as a file: everything that repeats it, readable, written to a temporary name and then renamed. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { OutcomeKind } from '../src/engine/outcome.ts';
import type { Saturation } from '../src/engine/tally.ts';
import type { ProgramsCovered } from '../src/generate/coverage.ts';
import type { Plan } from '../src/generate/plan.ts';

export interface Artifact {
  readonly format: 'threadproof-finding';
  readonly version: 1;
  readonly kind: OutcomeKind;
  readonly message: string;
  /** The property that failed. */
  readonly property: string;
  /** 'runtime', or the id of a broken subject. */
  readonly subject: string;
  /** The smallest program. */
  readonly program: Plan;
  readonly schedule: string;
  readonly preemptions: number;
  /** fast-check's seed and path to the same case. */
  readonly seed: number;
  readonly path: string;
  readonly replay: string;
  readonly report: string;
}

/** A file that is not an artifact, or not whole. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
}

const temporaryPrefix = '.incomplete-';

/** Makes the folder and tries it, so that a campaign does not find out at its first finding. @throws ArtifactError */
export function checkDirectory(directory: string): void {
  const probe = join(directory, `${temporaryPrefix}${process.pid}-probe`);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(probe, 'probe');
    rmSync(probe);
  } catch (error) {
    throw new ArtifactError(
      `findings cannot be saved in "${directory}" (${(error as Error).message}): give another folder with --artifacts`,
    );
  }
}

/** Writes an artifact and returns its path. A reader never sees half of it: it appears under its name when it is whole. */
export function writeArtifact(directory: string, artifact: Artifact): string {
  return writeWhole(artifactPath(directory, artifact), artifact, 'the finding');
}

/** What a campaign has covered, as a file beside its findings. The next campaign there replaces it. */
export interface CoverageReport {
  readonly format: 'threadproof-coverage';
  readonly version: 1;
  readonly seed: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly schedules: number;
  readonly targets: readonly {
    readonly name: string;
    readonly cases: number;
    readonly schedules: number;
    readonly steps: number;
    readonly behaviours: number;
    readonly saturation: Saturation | null;
    readonly coverage: ProgramsCovered | null;
  }[];
}

/** Writes `coverage.json`, as `writeArtifact` does, and returns its path. */
export function writeCoverage(directory: string, report: CoverageReport): string {
  return writeWhole(join(directory, 'coverage.json'), report, 'the coverage');
}

function writeWhole(path: string, value: object, what: string): string {
  const temporary = join(dirname(path), `${temporaryPrefix}${process.pid}-${basename(path)}`);
  try {
    mkdirSync(dirname(path), { recursive: true });
    try {
      writeFileSync(temporary, `${JSON.stringify(value, encode, 2)}\n`);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw new ArtifactError(`${what} could not be saved as ${path} (${(error as Error).message})`);
  }
  return path;
}

/** Where an artifact belongs. */
export function artifactPath(directory: string, { property, subject, seed }: Artifact): string {
  return join(directory, `${property}-${subject}-${seed}.json`);
}

/** Removes what a campaign that was killed may have left under a temporary name. Other running campaigns' files stay. */
export function removeIncomplete(directory: string): void {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return; // no such folder: nothing was left
  }
  for (const name of names) {
    const pid = /^\.incomplete-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(directory, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** @throws ArtifactError: cannot be read, not JSON, not an artifact, another version, a field missing. */
export function readArtifact(path: string): Artifact {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ArtifactError(`${path} cannot be read: ${(error as Error).message}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text, decode);
  } catch (error) {
    throw new ArtifactError(
      `${path} is not JSON (${(error as Error).message}): give a file that a campaign saved`,
    );
  }
  const artifact = value as Partial<Artifact> | null;
  if (typeof artifact !== 'object' || artifact === null || artifact.format !== 'threadproof-finding')
    throw new ArtifactError(
      `${path} is not a finding of threadproof (in ${basename(dirname(path))}): its format is missing`,
    );
  if (artifact.version !== 1)
    throw new ArtifactError(
      `${path} is of version ${String(artifact.version)}, this threadproof reads version 1`,
    );
  for (const field of ['property', 'subject', 'schedule'] as const)
    if (typeof artifact[field] !== 'string') throw new ArtifactError(`${path}: field ${field} is missing`);
  const { program } = artifact;
  const isOperation = (operation: unknown): boolean =>
    typeof (operation as { name?: unknown } | null)?.name === 'string' &&
    Array.isArray((operation as { args?: unknown }).args);
  const isList = (list: unknown): boolean => Array.isArray(list) && list.every(isOperation);
  if (
    !Array.isArray(program?.threads) ||
    program.threads.length === 0 ||
    !program.threads.every(isList) ||
    !isList(program.prefix)
  )
    throw new ArtifactError(
      `${path}: field program is not { prefix: [{ name, args }], threads: [[{ name, args }]] }`,
    );
  return artifact as Artifact;
}

// JSON has neither bigint nor undefined, NaN and the infinities: they are objects with one key.
function encode(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? { $undefined: true } : item));
  return value;
}

function decode(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$bigint' in value) return BigInt(String(value.$bigint));
  if ('$number' in value) return Number(value.$number);
  if (Array.isArray(value)) return value.map((item: unknown) => (isUndefinedMark(item) ? undefined : item));
  return value;
}

function isUndefinedMark(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$undefined' in value;
}
