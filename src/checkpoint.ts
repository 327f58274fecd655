/**
 * Checkpoints of an exhaustive search: a JSON file from which a later run goes on. It holds the search's path with what is left at each state, the
 * totals so far, and what the program was made of. Only clean searches have one: a finding ends the run and leaves the last checkpoint as it was.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { type Program, ProgramError } from './engine/program.ts';
import { installHost } from './instrument/host.ts';
import { loadedFiles } from './instrument/loaded.ts';
import { CheckpointError, type SavedSearch, savedFault } from './strategy/exhaustive/saved.ts';
import type { Search } from './strategy/exhaustive/search.ts';

/** Changes whenever a search would not understand what an older one wrote. */
const format = 'threadproof checkpoint 2';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

interface Totals {
  executions: number;
  steps: number;
  unscheduled: number;
  exhausted: number;
}
const totalNames = ['executions', 'steps', 'unscheduled', 'exhausted'] as const;

/** What of the options decides which executions there are, and which of them are findings. */
interface SearchOptions {
  readonly executor: string;
  readonly maxSteps: number;
  readonly races: boolean;
}

interface Checkpoint extends Readonly<Totals> {
  readonly format: string;
  /** Of the rest, without `checksum`. */
  readonly checksum: string;
  readonly version: string;
  readonly program: string;
  readonly options: SearchOptions;
  /** A hash of the program's functions and of the places of all steps. */
  readonly identity: string;
  /** A hash of the text of each file that a module was loaded from. */
  readonly modules: Readonly<Record<string, string>>;
  readonly search: SavedSearch;
}

const hashed = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16);

/**
 * A hash of a program's functions, the number of its threads, and the places of all steps in the modules that are loaded. The functions are all there is of a program that
 * no module was seen of; what modules are made of is in `modulesNow`.
 */
function identityOf({ threads, setup, attach, thread, check, mayBlock }: Program): string {
  const places: string[] = [];
  const host = installHost();
  for (let i = 0, site = host.site(0); site !== undefined; site = host.site(++i))
    places.push(`${site.file}:${site.line}:${site.column}`);
  return hashed(
    JSON.stringify([threads, mayBlock ?? [], [setup, attach, thread, check].map(String), places]),
  );
}

/** Undefined: there is no such file (a module that a tool made up). */
function hashOfFile(file: string): string | undefined {
  try {
    return hashed(readFileSync(file));
  } catch {
    return undefined;
  }
}

/** The modules that are loaded now, with those that are known already as they are. */
function modulesNow(known: Checkpoint['modules'] = {}): Checkpoint['modules'] {
  const modules: Record<string, string> = { ...known };
  for (const file of loadedFiles()) {
    if (known[file] !== undefined) continue;
    const hash = isAbsolute(file) ? hashOfFile(file) : undefined;
    if (hash !== undefined) modules[file] = hash;
  }
  return modules;
}

/** What differs between the modules of a checkpoint and those that are loaded; some of the former may not be needed yet. */
function changeOf(before: Checkpoint['modules'], now: Checkpoint['modules']): string | undefined {
  for (const [file, hash] of Object.entries(now)) {
    if (before[file] === undefined) return `it loads ${file}, which it did not`;
    if (before[file] !== hash) return `${file} has changed`;
  }
  for (const [file, hash] of Object.entries(before))
    if (now[file] === undefined && hashOfFile(file) !== hash) return `${file} has changed`;
  return undefined;
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
  readonly #options: SearchOptions;
  /** As they were when the search began: what is edited since is not what runs. */
  readonly #modules: Readonly<Record<string, string>>;
  readonly #search: Search;
  #written = performance.now();

  /**
   * Reads the file, where there is one, and lets the search go on from it.
   * @throws ProgramError when it is damaged or no checkpoint, or one of another program or of one that has changed.
   */
  constructor(
    file: string,
    { name, main }: { readonly name: string; readonly main: Program },
    search: Search,
    // `executor` is among the options of programs in modules.
    { executor = 'virtual', maxSteps = 20_000, races = true }: Partial<SearchOptions>,
  ) {
    this.file = file;
    this.#name = name;
    this.#identity = identityOf(main);
    this.#options = { executor, maxSteps, races: races && executor === 'virtual' };
    this.#modules = modulesNow();
    this.#search = search;
    this.before = this.#read(main.threads);
    if (this.before !== undefined) search.restore?.(this.before.search, main.threads);
  }

  #read(threads: number): Checkpoint | undefined {
    const { file } = this;
    if (!existsSync(file)) return undefined;
    const none = (why: string): ProgramError =>
      new ProgramError(`${file} is no checkpoint${why}: name another file, or delete it to begin anew`);
    let read: Checkpoint | null;
    try {
      read = JSON.parse(readFileSync(file, 'utf8')) as Checkpoint | null;
    } catch (error) {
      throw none(` (${(error as Error).message})`);
    }
    if (read?.format !== format)
      throw none(` of this version (its format is ${JSON.stringify(read?.format ?? null)}, not "${format}")`);
    const { checksum, ...content } = read;
    if (checksum !== hashed(JSON.stringify(content)))
      throw none(' that is whole (its checksum is not that of its content: it is damaged, or was edited)');
    const fault = faultOf(content, threads);
    if (fault !== undefined) throw none(` (${fault})`);
    if (content.program !== this.#name)
      throw new ProgramError(
        `${file} is a checkpoint of ${content.program}, not of ${this.#name}: name another file`,
      );
    const change = this.#changeSince(content);
    if (change !== undefined)
      throw new ProgramError(
        `${file} is a checkpoint of another version of ${this.#name} (${change}): delete it to begin anew`,
      );
    return read;
  }

  #changeSince({
    version: by,
    options,
    modules,
    identity,
  }: Omit<Checkpoint, 'checksum'>): string | undefined {
    if (by !== version) return `it was written by threadproof ${by}, and this is ${version}`;
    for (const [name, value] of Object.entries(this.#options)) {
      const then = options[name as keyof SearchOptions];
      if (then !== value) return `${name} was ${then} then, and is ${value} now`;
    }
    const change = changeOf(modules, this.#modules);
    if (change !== undefined) return change;
    return identity === this.#identity ? undefined : 'its functions or the places of its steps have changed';
  }

  /** To be called now and then, between executions. */
  now(totals: Readonly<Totals>): void {
    if (performance.now() - this.#written >= interval) this.write(totals);
  }

  write({ executions, steps, unscheduled, exhausted }: Readonly<Totals>): void {
    const totals = { executions, steps, unscheduled, exhausted };
    this.addBefore(totals);
    const content: Omit<Checkpoint, 'checksum'> = {
      format,
      version,
      program: this.#name,
      options: this.#options,
      identity: this.#identity,
      // Those that were only loaded when they were needed come to those that were there.
      modules: modulesNow({ ...this.before?.modules, ...this.#modules }),
      ...totals,
      search: this.#search.save!(), // the search that has checkpoints can say where it stands
    };
    const checkpoint: Checkpoint = { ...content, checksum: hashed(JSON.stringify(content)) };
    const temporary = `${this.file}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, JSON.stringify(checkpoint));
      renameSync(temporary, this.file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw new ProgramError(`the checkpoint cannot be written: ${(error as Error).message}`);
    }
    this.#written = performance.now();
  }

  /** Adds what earlier runs did to the totals of this one. */
  addBefore(totals: Totals): void {
    const { before } = this;
    if (before === undefined) return;
    for (const name of totalNames) totals[name] += before[name];
  }
}

/** What is wrong with what should be a checkpoint's content. */
function faultOf(content: Omit<Checkpoint, 'checksum'>, threads: number): string | undefined {
  for (const name of ['version', 'program', 'identity'] as const)
    if (typeof content[name] !== 'string') return `${name} is ${JSON.stringify(content[name])}, not a string`;
  for (const name of ['options', 'modules'] as const)
    if (typeof content[name] !== 'object' || content[name] === null)
      return `${name} is ${JSON.stringify(content[name])}, not an object`;
  for (const name of totalNames)
    if (!Number.isSafeInteger(content[name]) || content[name] < 0)
      return `${name} is ${JSON.stringify(content[name])}, not a whole number from 0`;
  return savedFault(content.search, threads);
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
