/** Loads a program module: once for `setup` and `check`, and once more for each thread that is to run in this isolate. */
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeWithStack } from './engine/describe.ts';
import { type Program, ProgramError, programFault } from './engine/program.ts';
import type { ExecutorName, LoadedProgram } from './explore.ts';

type Namespace = Readonly<Record<string, unknown>>;

/** Stands for all exports of a module, where an export is named. */
const wholeModule = '*';

/**
 * @param executor the threads of `workers` and `parallel` load the module themselves.
 * @throws ProgramError: module not found, no such export, wrong shape.
 */
export async function loadPrograms(
  module: string,
  exportName?: string,
  executor: ExecutorName = 'virtual',
): Promise<LoadedProgram[]> {
  const url = locate(module);
  const main = await importInstance(module, url, 'main');
  const names = exportName === undefined ? programNames(module, main) : [exportName];
  const threads = new Map(names.map((name) => [name, programOf(module, main, name).threads]));
  const instances: Namespace[] = [];
  const here = executor === 'virtual' ? Math.max(...threads.values()) : 0;
  for (let t = 0; t < here; t++) instances.push(await importInstance(module, url, String(t)));
  return names.map((name) => {
    const program = programOf(module, main, name);
    return {
      name: program.name ?? (name === 'default' || name === wholeModule ? module : name),
      exportName: name,
      url: url.href,
      main: program,
      ...(here === 0
        ? {}
        : {
            instances: Array.from({ length: program.threads }, (_, t) =>
              programOf(module, instances[t]!, name),
            ),
          }),
      replayLine: (schedule) =>
        `npx threadproof replay ${quote(module)} ${schedule}${exportName === undefined && names.length === 1 ? '' : ` --export ${quote(name)}`}${executor === 'workers' ? ' --executor workers' : ''}`,
    };
  });
}

/** A path, or the name of a package. */
function locate(module: string): URL {
  const path = resolve(module);
  if (existsSync(path)) {
    if (statSync(path).isDirectory())
      throw new ProgramError(
        `${module} is a folder: name the program module in it, a .js, .mjs, .cjs or .ts file`,
      );
    return pathToFileURL(path);
  }
  if (!/^[./]/.test(module) && !module.includes(':')) {
    try {
      return pathToFileURL(createRequire(`${process.cwd()}/`).resolve(module));
    } catch {
      // Neither a file nor a package: said below.
    }
  }
  throw new ProgramError(
    `module ${module} was not found (looked for ${path}): give the path of a program module`,
  );
}

async function importInstance(module: string, url: URL, instance: string): Promise<Namespace> {
  const location = new URL(url);
  location.searchParams.set('threadproof', instance);
  try {
    return unwrapped((await import(location.href)) as Namespace);
  } catch (error) {
    throw new ProgramError(`module ${module} could not be loaded: ${describeWithStack(error)}`);
  }
}

/** A module that a compiler made CommonJS of is one export of the namespace. */
function unwrapped(namespace: Namespace): Namespace {
  const inner = namespace['default'] as Namespace | undefined;
  return typeof inner === 'object' && inner !== null && inner['__esModule'] === true ? inner : namespace;
}

/** The default export when it is a program; else every named export that looks like one. */
function programNames(module: string, namespace: Namespace): string[] {
  const fallback = namespace['default'];
  if (fallback !== undefined && looksLikeProgram(fallback)) return ['default'];
  // A module whose named exports are the fields of a program: the module is the program.
  if (typeof namespace['thread'] === 'function') return [wholeModule];
  const names = Object.keys(namespace).filter(
    (name) => name !== 'default' && looksLikeProgram(namespace[name]),
  );
  if (names.length > 0) return names;
  if (typeof fallback === 'object' && fallback !== null) {
    // A CommonJS module whose names Node could not see beforehand.
    const inner = Object.keys(fallback).filter((name) => looksLikeProgram((fallback as Namespace)[name]));
    if (inner.length > 0) return inner;
  }
  const exported = Object.keys(namespace).join(', ') || 'nothing';
  throw new ProgramError(
    `module ${module} has no program among its exports (${exported}): export default { threads, setup() {...}, thread(id, local) {...} }`,
  );
}

function looksLikeProgram(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'thread' in value || ('threads' in value && 'setup' in value);
}

function programOf(module: string, namespace: Namespace, name: string): Program {
  const fallback = namespace['default'];
  const value =
    name === wholeModule
      ? namespace
      : name in namespace
        ? namespace[name]
        : typeof fallback === 'object' && fallback !== null
          ? (fallback as Namespace)[name]
          : undefined;
  if (value === undefined)
    throw new ProgramError(
      `module ${module} has no export ${name}: it exports ${Object.keys(namespace).join(', ') || 'nothing'}`,
    );
  const fault = programFault(value);
  if (fault !== undefined) throw new ProgramError(`export ${name} of ${module} is not a program: ${fault}`);
  return value as Program;
}

function quote(text: string): string {
  return /^[\w./@:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
