/** Reads the values of the notation of histories from one line of text. */
import { threw } from './history.ts';

const NUMBER = /-?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)n?/y;
const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y;
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['undefined', undefined],
  ['NaN', Number.NaN],
]);

export class ValueReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether only white space is left. */
  atEnd(): boolean {
    return this.column() === this.#text.length;
  }

  /** The column of the next thing that is not white space, from 0. */
  column(): number {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at++;
    return this.#at;
  }

  /** Reads what a sticky pattern matches here. */
  take(pattern: RegExp, expected: string): string {
    const found = this.#match(pattern);
    return found ?? this.fail(expected);
  }

  /** Reads this text when it is here. */
  accept(token: string): boolean {
    const found = this.#text.startsWith(token, this.column());
    if (found) this.#at += token.length;
    return found;
  }

  expect(token: string): void {
    if (!this.accept(token)) this.fail(token);
  }

  /** Reads values with commas between them, up to and with the closing token. */
  list(closing: string): unknown[] {
    const values: unknown[] = [];
    if (this.accept(closing)) return values;
    do values.push(this.value());
    while (this.accept(','));
    this.expect(closing);
    return values;
  }

  value(): unknown {
    const string = this.#match(STRING);
    if (string !== undefined) return unquote(string);
    const number = this.#match(NUMBER);
    if (number !== undefined) return number.endsWith('n') ? BigInt(number.slice(0, -1)) : Number(number);
    if (this.accept('[')) return this.list(']');
    const word = this.take(/[\p{L}_$][\p{L}\p{N}_$]*/uy, 'a value');
    if (WORDS.has(word)) return WORDS.get(word);
    if (word !== 'threw') this.fail(`a value, not "${word}"`);
    this.expect('(');
    const name = this.take(/[^)]*/y, 'the name of an error');
    this.expect(')');
    return threw(name.trim());
  }

  fail(expected: string): never {
    throw new Error(
      `expected ${expected} at column ${this.#at + 1} of:\n${this.#text}\n${' '.repeat(this.#at)}^`,
    );
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.column();
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

/** A string in single quotes is read as JSON reads one in double quotes. */
function unquote(quoted: string): string {
  if (quoted.startsWith('"')) return JSON.parse(quoted) as string;
  const inner = quoted
    .slice(1, -1)
    .replaceAll("\\'", "'")
    .replaceAll(/(?<!\\)"/g, '\\"');
  return JSON.parse(`"${inner}"`) as string;
}
