/** A failed check as text: the history, how much of it can be explained, and why the rest cannot follow. */
import { type History, isPending, type OperationRecord } from '../history/history.ts';
import { formatDiagram } from '../history/notation.ts';
import { formatValue } from '../history/value.ts';
import type { CheckResult } from './check.ts';
import type { Prefix } from './search.ts';
import { type CompleteSpecification, complete, effectsOf, type Specification } from './specification.ts';

/** Operations that a diagram shows; of a longer history, those around the failure. */
const SHOWN = 24;
/** Placed operations shown before the failure in a longer history. */
const LEAD = 8;

/**
 * Explains a result of `checkLinearizable` with the same specification and history. Several lines, without a line
 * feed at the end. Cost: one step for each operation that is not placed.
 */
export function explain<S>(
  specification: Specification<S>,
  history: History,
  result: CheckResult<S>,
): string {
  const model = complete(specification);
  const { verdict, explanation, steps } = result;
  if (verdict === 'unknown') return `unknown: "${model.name}" was not decided within ${steps} steps`;
  if (verdict === 'linearizable') {
    const order = result.linearization.map((index) => describe(model, history[index]!)); // its own indices
    return `linearizable: "${model.name}" allows ${order.join('; ') || 'an empty history'}`;
  }
  const prefix = explanation.prefixes[0]!; // at least one, by its invariant
  const placed = new Set(prefix.linearization);
  const rest = explanation.operations.filter((index) => !placed.has(index)).map((index) => history[index]!);
  const part = explanation.partition === undefined ? '' : `, part ${formatValue(explanation.partition)}`;
  return [
    `not linearizable: no order of these operations is allowed by "${model.name}"${part}`,
    '',
    ...diagram(history, explanation.operations, prefix, rest),
    '',
    ...story(model, history, prefix),
    ...refusals(model, prefix, rest, explanation.stuck),
  ].join('\n');
}

function diagram<S>(history: History, part: readonly number[], prefix: Prefix<S>, rest: History): string[] {
  if (part.length <= SHOWN) return [formatDiagram(part.map((index) => history[index]!))];
  const lead = prefix.linearization.slice(-LEAD).map((index) => history[index]!);
  const shown = [...lead, ...candidatesOf(rest).slice(0, SHOWN - LEAD)];
  return [`(${shown.length} of ${part.length} operations)`, formatDiagram(shown)];
}

function story<S>(model: CompleteSpecification<S>, history: History, prefix: Prefix<S>): string[] {
  const { linearization, states } = prefix;
  if (linearization.length === 0)
    return [`No operation can be first. State: ${model.describeState(states[0]!)}`];
  const skipped = linearization.length > SHOWN ? linearization.length - LEAD : 0;
  const calls = linearization.map((index) => describe(model, history[index]!));
  const width = Math.max(...calls.slice(skipped).map((call) => call.length));
  const lines = calls.map(
    (call, at) => `  ${call.padEnd(width)}  state ${model.describeState(states[at + 1]!)}`,
  );
  const start =
    skipped > 0
      ? `  ... ${skipped} operations`
      : `  ${'at first'.padEnd(width)}  state ${model.describeState(states[0]!)}`;
  return ['The longest order that it explains:', start, ...lines.slice(skipped)];
}

function refusals<S>(
  model: CompleteSpecification<S>,
  prefix: Prefix<S>,
  rest: History,
  stuck: boolean,
): string[] {
  const state = prefix.states.at(-1)!; // the initial state at least
  const candidates = candidatesOf(rest).filter((operation) => !(stuck && isPending(operation)));
  const lines = candidates.map(
    (operation) => `  ${describe(model, operation)}: ${refusal(model, state, operation)}`,
  );
  if (lines.length > 0) lines.unshift('', 'Next would have to come one of these:');
  const waiting = stuck && candidates.length === 0 ? rest.filter(isPending) : [];
  const granted = waiting.filter((operation) => effectsOf(model.step(state, operation)).length > 0);
  if (granted.length === 0) return lines;
  return [
    ...lines,
    '',
    'The execution ended there, but these wait for ever though nothing blocks them (a lost wake-up?):',
    ...granted.map(
      (operation) => `  ${describe(model, operation)}: would return ${results(model, state, operation)}`,
    ),
  ];
}

/** The operations that may come next: called before any other of the rest has returned. */
function candidatesOf(rest: History): OperationRecord[] {
  const firstReturn = rest.reduce((earliest, operation) => Math.min(earliest, operation.returned), Infinity);
  return rest.filter((operation) => operation.called < firstReturn).sort((a, b) => a.returned - b.returned);
}

function refusal<S>(model: CompleteSpecification<S>, state: S, operation: OperationRecord): string {
  const effects = effectsOf(model.step(state, operation));
  if (effects.length === 0) return 'blocked in this state';
  if (isPending(operation)) return 'pending; whether it took effect or not, the others do not fit';
  if (effects.some((effect) => model.sameResult(effect.result, operation.result))) {
    return 'fits here, but then the others do not';
  }
  return `expected ${results(model, state, operation)}, observed ${formatValue(operation.result)}`;
}

function results<S>(model: CompleteSpecification<S>, state: S, operation: OperationRecord): string {
  const all = effectsOf(model.step(state, operation)).map((effect) => formatValue(effect.result));
  return [...new Set(all)].join(' or ');
}

function describe<S>(model: CompleteSpecification<S>, operation: OperationRecord): string {
  const call = `T${operation.thread} ${model.describeCall(operation)}`;
  if (isPending(operation)) return `${call} (pending)`;
  return operation.result === undefined ? call : `${call} -> ${formatValue(operation.result)}`;
}
