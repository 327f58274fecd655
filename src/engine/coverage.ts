/**
 * What of a program's behaviour a run has covered, beside the number of behaviours: which read saw which write, and who was blocked by whom. Over
 * all executions of a run: of one program, or of many generated ones. An observer: it costs about a fifth more CPU time, so it is asked for.
 *
 * Operations are static, (site, cell): the thousandth iteration of a loop is no new one. Threads count where somebody sleeps, for there
 * the question is who.
 */
import type { ExecutedStep, StepObserver } from '../instrument/executed-step.ts';
import { CALL, NOTIFY, STORE } from '../instrument/step.ts';
import { NumberTable } from '../strategy/number-table.ts';
import { mix } from '../strategy/pending.ts';

export interface Covered {
  /** Distinct pairs (write, read that saw it); what `setup` left in a cell is a write, too. */
  readonly readsFrom: number;
  /** Distinct pairs (thread that slept and where, thread and place that wrote the word last). */
  readonly blocking: number;
}

/** The write of what `setup` left in a cell. */
const initial = 0;

export class BehaviourCoverage implements StepObserver {
  /** For each cell the last write of this execution: its operation, and the thread and site of it. */
  readonly #writer = new NumberTable();
  readonly #blocker = new NumberTable();
  readonly #readsFrom = new NumberTable();
  readonly #blocking = new NumberTable();

  started(): void {
    this.#writer.clear();
    this.#blocker.clear();
  }

  observe({ kind, thread, site, buffer, byteOffset, wrote, slept }: ExecutedStep): void {
    if (buffer === -1 || kind >= CALL || kind === NOTIFY) return;
    const cell = mix(buffer, byteOffset);
    const operation = mix(site, cell);
    if (kind !== STORE) this.#readsFrom.set(mix(this.#writer.get(cell, initial), operation), 1);
    if (slept) this.#blocking.set(mix(this.#blocker.get(cell, initial), mix(thread, site)), 1);
    if (!wrote) return;
    this.#writer.set(cell, operation);
    this.#blocker.set(cell, mix(thread, site));
  }

  covered(): Covered {
    return { readsFrom: this.#readsFrom.size, blocking: this.#blocking.size };
  }
}
