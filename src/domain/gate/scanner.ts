/** A check that does not follow the grammar. `column` counts from 1 in the text of the check. */
export class GateSyntaxError extends Error {
  readonly hint: string;
  readonly column: number;
  constructor(message: string, hint: string, column: number) {
    super(message);
    this.name = "GateSyntaxError";
    this.hint = hint;
    this.column = column;
  }
}

const longest = 500;

/** Reads a check from left to right; spaces between tokens mean nothing. */
export class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > longest) this.fail("is too long for a check", `write at most ${longest} characters`);
  }

  /** Column of the next token, from 1. */
  get column(): number {
    this.#spaces();
    return this.#at + 1;
  }

  /** Whether all is read. */
  get done(): boolean {
    return this.column > this.#text.length;
  }

  /** Whether the next token matches. */
  sees(pattern: RegExp): boolean {
    const at = this.#at;
    const token = this.take(pattern);
    this.#at = at;
    return token !== null;
  }

  /** Takes the next token when it matches; `adjoining` allows no space before it. */
  take(pattern: RegExp, adjoining = false): string | null {
    if (!adjoining) this.#spaces();
    const sticky = new RegExp(pattern.source, "y");
    sticky.lastIndex = this.#at;
    const [token] = sticky.exec(this.#text) ?? [];
    if (token === undefined) return null;
    this.#at += token.length;
    return token;
  }

  /** Takes the next token, or fails saying what is allowed here. */
  expect(pattern: RegExp, allowed: string): string {
    return this.take(pattern) ?? this.fail(`has ${this.#next()} where ${allowed} is expected`, `write ${allowed} here`);
  }

  /** Throws with the column of the next token, or of the one given. */
  fail(message: string, hint: string, column = this.column): never {
    throw new GateSyntaxError(`"${this.#text.slice(0, longest)}" ${message}`, hint, column);
  }

  #next(): string {
    return this.done ? "nothing" : `"${this.#text.slice(this.#at).split(/\s/, 1)[0]!}"`;
  }

  #spaces(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }
}
