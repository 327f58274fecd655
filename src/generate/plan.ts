/** Generated programs as data: what each thread calls. */
import { formatValue } from '../history/value.ts';

/** One call of a generated program. */
export interface Operation {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A generated program: what each thread does. */
export interface Plan {
  readonly threads: readonly (readonly Operation[])[];
  readonly prefix: readonly Operation[];
}

export function describePlan(plan: Plan): string {
  const list = (operations: readonly Operation[]): string =>
    operations.map(({ name, args }) => `${name}(${args.map((a) => formatValue(a)).join(', ')})`).join('; ');
  const rows = plan.threads.map((operations, t) => `T${t}: ${list(operations)}`);
  if (plan.prefix.length > 0) rows.unshift(`first: ${list(plan.prefix)}`);
  return rows.join(' | ');
}
