/** A peer in C: the mutex of the C library, as a program of its own that is compiled where there is a compiler. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Case } from './measure.ts';

/**
 * Compiles the program into the folder.
 *
 * @param source path of pthread-mutex.c
 * @returns its path; undefined when there is no gcc, or it fails
 */
export function compilePthread(source: string, folder: string): string | undefined {
  const program = join(folder, 'pthread-mutex');
  try {
    execFileSync('gcc', ['-O2', '-pthread', '-o', program, source], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return program;
}

/** Lock + unlock of a pthread_mutex by so many threads. The clock is the one of the cases that it is compared with. */
export function pthreadCase(name: string, program: string, threads: number): Case {
  const clock = threads === 1 ? 'cpu' : 'wall';
  return {
    name,
    clock,
    threads,
    run(operations) {
      const printed = execFileSync(program, [String(threads), String(operations)], { encoding: 'utf8' });
      const [wallNs, cpuNs] = printed.split(' ').map(Number) as [number, number];
      return { ns: (clock === 'cpu' ? cpuNs : wallNs) / operations, cores: cpuNs / wallNs };
    },
  };
}
