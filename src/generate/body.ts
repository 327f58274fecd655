/** What a thread of a generated program runs: its operations, one after the other, recorded. */
import type * as fc from 'fast-check';
import { describeError } from '../engine/describe.ts';
import { type Program, ProgramError } from '../engine/program.ts';
import type { Recorder } from '../history/recorder.ts';
import { formatValue } from '../history/value.ts';
import { installHost, isUnsupported, twinOf, twinSymbol } from '../instrument/host.ts';
import { CALL } from '../instrument/step.ts';
import type { Operation, Plan } from './plan.ts';

export interface OperationOptions<Local> {
  /** The arguments; default none. */
  readonly args?: fc.Arbitrary<readonly unknown[]>;
  /** How the call is made; default `local[name](...args)`. Plain synchronous code. */
  readonly run?: (local: Local, ...args: never[]) => unknown;
  /** How often it is chosen beside the others. Default 1. */
  readonly weight?: number;
}

export function plainCall(
  options: OperationOptions<never> | undefined,
  local: unknown,
  name: string,
  args: readonly unknown[],
): unknown {
  const [fn, self, all] = calleeOf(options, local, name, args);
  return Reflect.apply(fn, self, all);
}

type AnyCall = (...args: unknown[]) => unknown;

/** What a call is made of. */
export type Callee = readonly [fn: AnyCall, self: unknown, args: unknown[]];

export function calleeOf(
  options: OperationOptions<never> | undefined,
  local: unknown,
  name: string,
  args: readonly unknown[],
): Callee {
  if (options?.run !== undefined) return [options.run as unknown as AnyCall, undefined, [local, ...args]];
  const method = (local as Record<string, unknown> | null | undefined)?.[name];
  if (typeof method !== 'function')
    throw new ProgramError(
      `operation ${name}: what attach returned has no method of that name; give operations.${name}.run`,
    );
  return [method as AnyCall, local, [...args]];
}

/** The body of every thread of a generated program. Its twin is written by hand: the harness itself is not transformed. */
export function threadBody(
  plan: Plan,
  recorder: Recorder,
  operations: Readonly<Record<string, OperationOptions<unknown>>>,
): Program['thread'] {
  const announce = installHost().helpers['s'] as (...args: unknown[]) => undefined;
  const body = (): never => {
    throw new Error('a generated program runs under an executor only');
  };
  function* twin(thread: number, local: unknown): Generator<undefined, unknown, unknown> {
    for (const { name, args } of plan.threads[thread]!) {
      const [fn, self, all] = calleeOf(
        operations[name] as OperationOptions<never> | undefined,
        local,
        name,
        args,
      );
      // The call itself is a point where the thread may be held up: else an operation would seem to begin
      // as soon as the one before it ended, and real-time order would be lost.
      yield announce(CALL, -1, undefined, 0, name);
      const id = recorder.call(thread, name, args);
      const fnTwin = twinOf(fn);
      try {
        recorder.return(
          id,
          fnTwin === undefined ? Reflect.apply(fn, self, all) : yield* fnTwin.apply(self, all),
        );
      } catch (error) {
        if (isUnsupported(error)) throw error;
        recorder.throw(id, error);
      }
    }
    return undefined;
  }
  Object.defineProperty(body, twinSymbol, { value: twin });
  return body;
}

/** The same operations for a thread anywhere, a worker too: nobody records, each answers as text, with its twin beside it. */
export function answeringBody(
  plan: Plan,
  operations: Readonly<Record<string, OperationOptions<unknown>>>,
): Program<unknown, unknown, readonly string[]>['thread'] {
  const bound = (local: unknown, { name, args }: Operation): Callee =>
    calleeOf(operations[name] as OperationOptions<never> | undefined, local, name, args);
  const answerOf = (error: unknown): string => {
    if (isUnsupported(error)) throw error;
    return `threw ${describeError(error)}`;
  };
  const body = (thread: number, local: unknown): readonly string[] => {
    const answers: string[] = [];
    for (const operation of plan.threads[thread]!) {
      const [fn, self, all] = bound(local, operation);
      try {
        answers.push(formatValue(Reflect.apply(fn, self, all)));
      } catch (error) {
        answers.push(answerOf(error));
      }
    }
    return answers;
  };
  function* twin(thread: number, local: unknown): Generator<undefined, readonly string[], unknown> {
    const answers: string[] = [];
    for (const operation of plan.threads[thread]!) {
      const [fn, self, all] = bound(local, operation);
      const fnTwin = twinOf(fn);
      try {
        answers.push(
          formatValue(fnTwin === undefined ? Reflect.apply(fn, self, all) : yield* fnTwin.apply(self, all)),
        );
      } catch (error) {
        answers.push(answerOf(error));
      }
    }
    return answers;
  }
  Object.defineProperty(body, twinSymbol, { value: twin });
  return body;
}
