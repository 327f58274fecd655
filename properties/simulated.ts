/** Stand-ins for what a channel stands on, for programs of promises: a clock and workers whose every step is a turn. */
import type { Clock, ServerPort, WorkerLike } from '../src/runtime/index.ts';
import type { Turns } from './promises.ts';

/** Timers fire in the order of their times, each when the schedule comes to it: messages may be as slow as they like. */
export class SimulatedClock implements Clock {
  #now = 0;
  #number = 0;
  #ticking = false;
  readonly #timers = new Map<number, { readonly due: number; readonly run: () => void }>();
  readonly #turns: Turns;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Timers that have neither fired nor been taken back. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    if (ms === Infinity) return () => {};
    this.#number += 1;
    const number = this.#number;
    this.#timers.set(number, { due: this.#now + ms, run });
    void this.#tick();
    return () => this.#timers.delete(number);
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    while (this.#timers.size > 0) {
      await this.#turns.next('clock');
      const [first] = [...this.#timers].sort(([, a], [, b]) => a.due - b.due);
      if (first === undefined) break; // it was taken back
      const [number, { due, run }] = first;
      this.#timers.delete(number);
      this.#now = Math.max(this.#now, due);
      run();
    }
    this.#ticking = false;
  }
}

type Listener = (value: never) => void;
type Message = { readonly type: string; readonly seq: number };

/** Answers that end a call. */
const answers = new Set(['pong', 'result', 'error', 'dropped', 'unknown handler']);

/** A worker that loads when the schedule comes to it. Messages of one direction stay in order, unless a fault is put in. */
export class SimulatedWorker implements WorkerLike {
  readonly #turns: Turns;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #toWorker: unknown[] = [];
  readonly #toOwner: Message[] = [];
  readonly #serving: ((message: unknown) => void)[] = [];
  readonly #seen = new Set<number>();
  #sent: Message | undefined;
  #alive = true;
  #losing = 0;
  /** What came to its owner, each number once. */
  readonly delivered = { pongs: 0, answers: 0, repeated: 0 };
  /** True when it ended although nobody asked it to. */
  crashed = false;
  /** By the clock; undefined while it lives. */
  endedAt: number | undefined;

  /** @param load the worker's module: serves on the port */
  constructor(turns: Turns, clock: Clock, name: string, load: (port: ServerPort) => void) {
    this.#turns = turns;
    this.#clock = clock;
    this.#name = name;
    const port: ServerPort = {
      postMessage: (message) => this.#send(message as Message),
      on: (_event, listener) => this.#serving.push(listener),
      close: () => void this.#end('closes', 0),
    };
    void turns.next(`${name} loads`).then(() => {
      if (!this.#alive) return;
      load(port);
      for (const message of this.#toWorker.splice(0)) void this.#carry(message);
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  listenerCount(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  on(event: string, listener: Listener): void {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.#listeners.get(event)?.delete(listener);
  }

  ref(): void {}

  unref(): void {}

  postMessage(message: unknown): void {
    const copy: unknown = structuredClone(message);
    if (this.#serving.length === 0) this.#toWorker.push(copy);
    else void this.#carry(copy);
  }

  async terminate(): Promise<void> {
    await this.#end('is terminated', 1);
  }

  /** Fault: it ends, whatever it was doing. */
  crash(): void {
    if (!this.#alive) return;
    this.crashed = true;
    this.#emit('error', new Error('crash') as never);
    void this.#end('crashes', 13);
  }

  /** Fault: what it sent last comes once more. */
  repeat(): void {
    if (this.#sent !== undefined && this.#alive) void this.#deliver(this.#sent);
  }

  /** Fault: its last answer comes again as a new message. */
  answerAgain(): void {
    if (this.#sent !== undefined && answers.has(this.#sent.type))
      this.#send({ ...this.#sent, seq: 1_000 + this.#seen.size });
  }

  /** Fault: its next pong is lost, as if it were silent. */
  losePong(): void {
    this.#losing += 1;
  }

  /** Fault: two messages on their way change places. */
  swap(): void {
    this.#toOwner.push(...this.#toOwner.splice(0, 1));
  }

  async #carry(message: unknown): Promise<void> {
    this.#toWorker.push(message);
    await this.#turns.next(`${this.#name} gets ${(message as Message).type}`);
    const first = this.#toWorker.shift();
    if (this.#alive) for (const serve of this.#serving) serve(first);
  }

  #send(message: Message): void {
    if (!this.#alive) return;
    if (message.type === 'pong' && this.#losing > 0) {
      this.#losing -= 1;
      return;
    }
    this.#sent = structuredClone(message);
    void this.#deliver(this.#sent);
  }

  async #deliver(message: Message): Promise<void> {
    this.#toOwner.push(message);
    await this.#turns.next(`${this.#name} sends`);
    const first = this.#toOwner.shift();
    if (!this.#alive || first === undefined) return;
    if (this.#seen.has(first.seq)) this.delivered.repeated += 1;
    else {
      this.#seen.add(first.seq);
      if (answers.has(first.type)) this.delivered.answers += 1;
      if (first.type === 'pong') this.delivered.pongs += 1;
    }
    this.#emit('message', first as never);
  }

  /** The end takes a turn: until then, messages may still come. */
  async #end(how: string, code: number): Promise<void> {
    await this.#turns.next(`${this.#name} ${how}`);
    if (!this.#alive) return;
    this.#alive = false;
    this.endedAt = this.#clock.now();
    this.#emit('exit', code as never);
  }

  #emit(event: string, value: never): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(value);
  }
}
