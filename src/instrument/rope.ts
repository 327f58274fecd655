/**
 * A rope of output text with marks into the author's source, from which a source map is made.
 * A plain string editor cannot serve here: one stretch of source is written several times (the plain
 * function and its twin), and every copy must map to the same lines.
 */
import { GenMapping, maybeAddSegment, setSourceContent, toEncodedMap } from '@jridgewell/gen-mapping';

export interface Position {
  readonly source: string;
  /** 1-based */
  readonly line: number;
  /** 0-based, in UTF-16 units */
  readonly column: number;
}

/** A place that is filled in later (how many temporaries a function needs is known only at its end). */
export interface Slot {
  text: string;
}

const unmapped = -1;

/** `return()=>1`: a name put before the arrow would join the keyword. */
const nameStart = /^[\p{L}\p{N}_$]/u;
const namePart = /[\p{L}\p{N}_$]/u;

export class Rope {
  readonly #pieces: (string | Slot)[] = [];
  /** For each piece the source offset at which it starts, or `unmapped`. Same length as `#pieces`. */
  readonly #offsets: number[] = [];
  readonly #copied: boolean[] = [];
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /** Text of our own. `at` ties its start to a source offset. Minified code has no space before what we put a name in front of. */
  add(text: string, at: number = unmapped): void {
    if (at > 0 && nameStart.test(text) && namePart.test(this.#source[at - 1]!)) this.add(' '); // inside the source
    this.#pieces.push(text);
    this.#offsets.push(at);
    this.#copied.push(false);
  }

  /**
   * Ties the last character of what was added last to a source offset: tools look up the end of a node by its last character,
   * and ours may be one of our own. What was copied has its marks.
   */
  close(at: number): void {
    let i = this.#pieces.length - 1;
    while (i >= 0 && this.#pieces[i] === '') i--;
    const piece = this.#pieces[i];
    if (typeof piece !== 'string' || this.#copied[i] === true) return;
    this.#pieces[i] = piece.slice(0, -1);
    this.add(piece.slice(-1), at);
  }

  /** Notes that what is written next stands for what starts at this source offset. */
  anchor(at: number): void {
    this.add('', at);
  }

  slot(): Slot {
    const slot: Slot = { text: '' };
    this.#pieces.push(slot);
    this.#offsets.push(unmapped);
    this.#copied.push(false);
    return slot;
  }

  /** The author's text from `start` to `end`, mapped word by word. */
  copy(start: number, end: number): void {
    if (end <= start) return;
    this.#pieces.push(this.#source.slice(start, end));
    this.#offsets.push(start);
    this.#copied.push(true);
  }

  toString(): string {
    let text = '';
    for (const piece of this.#pieces) text += typeof piece === 'string' ? piece : piece.text;
    return text;
  }

  /**
   * Where the source went: three numbers for each stretch, its offset in the output, its offset in the source, its length.
   * An anchor has length 0.
   */
  copies(): number[] {
    const copies: number[] = [];
    let at = 0;
    for (const [i, piece] of this.#pieces.entries()) {
      const { length } = typeof piece === 'string' ? piece : piece.text;
      const offset = this.#offsets[i]!;
      if (this.#copied[i] === true) copies.push(at, offset, length);
      else if (piece === '' && offset !== unmapped) copies.push(at, offset, 0);
      at += length;
    }
    return copies;
  }

  /**
   * @param toOriginal maps an offset of the source this rope was made from to the author's file
   *   (which differs when types were stripped before); undefined where nothing is known.
   */
  map(
    toOriginal: (offset: number) => Position | undefined,
    contents: ReadonlyMap<string, string | null>,
  ): string {
    const map = new GenMapping();
    let line = 0;
    let column = 0;
    const mark = (offset: number): void => {
      const original = toOriginal(offset);
      if (original !== undefined)
        maybeAddSegment(map, line, column, original.source, original.line - 1, original.column);
    };
    for (let i = 0; i < this.#pieces.length; i++) {
      const piece = this.#pieces[i]!;
      const text = typeof piece === 'string' ? piece : piece.text;
      const offset = this.#offsets[i]!;
      if (!this.#copied[i]) {
        if (offset !== unmapped) mark(offset);
        const newline = text.lastIndexOf('\n');
        if (newline === -1) column += text.length;
        else {
          for (const c of text) if (c === '\n') line++;
          column = text.length - newline - 1;
        }
        continue;
      }
      let inWord = false;
      for (let k = 0; k < text.length; k++) {
        const code = text.charCodeAt(k);
        const word = isWord(code);
        if (!word || !inWord) mark(offset + k);
        inWord = word;
        if (code === 10) {
          line++;
          column = 0;
          inWord = false;
        } else column++;
      }
    }
    for (const [source, content] of contents) setSourceContent(map, source, content);
    return JSON.stringify(toEncodedMap(map));
  }
}

/** Letters of words, which have one mark. Others have one each. */
export function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36
  );
}

export function isWordAt(code: string, offset: number): boolean {
  return isWord(code.charCodeAt(offset));
}
