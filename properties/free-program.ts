/** What free threads run: a generated program by its row and seed, which records its history. Workers import this module. */
import type { Program } from '../src/engine/program.ts';
import { caseOf, type LawData } from './law-program.ts';

/** Undefined where the row's cases are none of threads. */
export function freeProgram(data: LawData): Program | undefined {
  return caseOf(data).free?.().program;
}
