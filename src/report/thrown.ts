/** Where an error was thrown, from its stack: the frames of the author's code, the innermost first. */
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Most frames that are shown. */
const mostFrames = 4;

/** This package, built or not. All that is in it runs the author's code, but for the runtime, a subject like any other. */
const home = new URL('../../', import.meta.url).href;
const ours = /^(?:src|dist)\/(?!runtime\/)(?!.*\.test\.)([^/]*)/;

/** `at helper (deque.js:12), thread (deque.js:30)`; undefined where the stack tells nothing. Never throws, whatever was thrown. */
export function thrownAt(error: unknown): string | undefined {
  const stack = stackOf(error);
  if (stack === undefined) return undefined;
  const frames: string[] = [];
  for (const line of stack.split('\n')) {
    const frame = frameOf(line);
    if (frame === 'engine') break;
    if (frame !== undefined) frames.push(frame);
  }
  if (frames.length === 0) return undefined;
  const more = frames.length > mostFrames ? ', ...' : '';
  return `at ${frames.slice(0, mostFrames).join(', ')}${more}`;
}

/** A getter of the author's may stand where V8 puts the stack. */
function stackOf(error: unknown): string | undefined {
  try {
    if (!(error instanceof Error)) return undefined;
    const { stack } = error;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

function frameOf(line: string): string | undefined {
  const [, name, place, at] =
    /^\s+at (?:(?:async |new )?(.*?) \()?((?:file:|\/|[A-Za-z]:[\\/]).*?):(\d+):\d+\)?$/.exec(line) ?? [];
  if (place === undefined || at === undefined) return undefined;
  const url = place.startsWith('file:') ? place : pathToFileURL(place).href;
  // What called the engine is no business of the program; builtins that call back are between its frames.
  const [, room] = (url.startsWith(home) && ours.exec(url.slice(home.length))) || [];
  if (room !== undefined) return room === 'instrument' ? undefined : 'engine';
  const file = basename(place.startsWith('file:') ? fileURLToPath(place) : place);
  const called = name
    ?.replace(/^Object\./, '')
    .replace(/\$tp_tw_/g, '')
    .replace(/ \[as .*\]$/, '');
  return called === undefined || called === '' ? `${file}:${at}` : `${called} (${file}:${at})`;
}
