/**
 * Checkpoints of an exhaustive search: a JSON file from which a later run goes on. It holds the search's path with what is left at each state, and the
 * totals so far. Only clean searches have one: a finding ends the run and leaves the last checkpoint as it was.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Program, ProgramError } from './engine/program.ts';
import { installHost } from './instrument/host.ts';
import { CheckpointError, type SavedSearch } from './strategy/exhaustive/saved.ts';
import type { Search } from './strategy/exhaustive/search.ts';

/** Changes whenever a search would not understand what an older one wrote. */
const format = 'threadproof checkpoint 1';

interface Totals {
  executions: number;
  steps: number;
  unscheduled: number;
  exhausted: number;
}

interface Checkpoint extends Readonly<Totals> {
  readonly format: string;
  readonly program: string;
  readonly identity: string;
  readonly search: SavedSearch;
}

/**
 * A hash of a program's functions, the number of its threads, the step budget, and the places of all steps in the modules that are loaded. What else those modules do
 * is not in it: the steps are compared instead.
 */
function identityOf(program: Program, maxSteps: number): string {
  const { threads, setup, attach, thread, check, mayBlock } = program;
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([threads, maxSteps, mayBlock ?? [], ...[setup, attach, thread, check].map(String)]),
  );
  const host = installHost();
  for (let i = 0, site = host.site(0); site !== undefined; site = host.site(++i))
    hash.update(`${site.file}:${site.line}:${site.column}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** Milliseconds between two writings. */
const interval = 30_000;

/** The checkpoint of one run. */
export class Kept {
  readonly file: string;
  /** What earlier runs left. */
  readonly before: Checkpoint | undefined;
  readonly #name: string;
  readonly #identity: string;
  readonly #search: Search;
  #written = performance.now();

  /** Reads the file, where there is one, and lets the search go on from it. @throws ProgramError when it is no checkpoint, or one of another program. */
  constructor(
    file: string,
    { name, main }: { readonly name: string; readonly main: Program },
    search: Search,
    { maxSteps = 20_000 }: { readonly maxSteps?: number },
  ) {
    this.file = file;
    this.#name = name;
    this.#identity = identityOf(main, maxSteps);
    this.#search = search;
    this.before = this.#read();
    if (this.before !== undefined) search.restore?.(this.before.search, main.threads);
  }

  #read(): Checkpoint | undefined {
    const { file } = this;
    if (!existsSync(file)) return undefined;
    let checkpoint: Partial<Checkpoint> | null;
    try {
      checkpoint = JSON.parse(readFileSync(file, 'utf8')) as Partial<Checkpoint> | null;
    } catch (error) {
      throw new ProgramError(
        `${file} is no checkpoint (${(error as Error).message}): name another file, or delete it`,
      );
    }
    if (checkpoint?.format !== format)
      throw new ProgramError(
        `${file} is no checkpoint of this version: its format is ${JSON.stringify(checkpoint?.format ?? null)}, not "${format}": name another file, or delete it`,
      );
    if (checkpoint.program !== this.#name)
      throw new ProgramError(
        `${file} is a checkpoint of ${checkpoint.program}, not of ${this.#name}: name another file`,
      );
    if (checkpoint.identity !== this.#identity)
      throw new ProgramError(
        `${file} is a checkpoint of another version of ${this.#name} (or of another maxSteps): delete it to begin anew`,
      );
    return checkpoint as Checkpoint;
  }

  /** To be called now and then, between executions. */
  now(totals: Readonly<Totals>): void {
    if (performance.now() - this.#written >= interval) this.write(totals);
  }

  write({ executions, steps, unscheduled, exhausted }: Readonly<Totals>): void {
    const totals = { executions, steps, unscheduled, exhausted };
    this.addBefore(totals);
    const checkpoint: Checkpoint = {
      format,
      program: this.#name,
      identity: this.#identity,
      ...totals,
      search: this.#search.save!(), // the search that has checkpoints can say where it stands
    };
    const temporary = `${this.file}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, JSON.stringify(checkpoint));
      renameSync(temporary, this.file);
    } catch (error) {
      throw new ProgramError(`the checkpoint cannot be written: ${(error as Error).message}`);
    }
    this.#written = performance.now();
  }

  /** Adds what earlier runs did to the totals of this one. */
  addBefore(totals: Totals): void {
    const { before } = this;
    if (before === undefined) return;
    totals.executions += before.executions;
    totals.steps += before.steps;
    totals.unscheduled += before.unscheduled;
    totals.exhausted += before.exhausted;
  }
}

/** Runs a search; one that does not find its checkpoint's steps again is the user's to mend. */
export function orOfAnother<T>(kept: Kept | undefined, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CheckpointError) || kept === undefined) throw error;
    throw new ProgramError(
      `${error.message}: it has changed since (or is not deterministic): delete ${kept.file} to begin anew`,
    );
  }
}
