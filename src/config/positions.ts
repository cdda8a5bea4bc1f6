import { type Document, isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, type Pair } from "yaml";

export interface Position {
  line: number;
  column: number;
}

/** Looks up where keys and values of a YAML document stand. */
export class Positions {
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #of(node: unknown): Position {
    const start = isNode(node) ? (node as Node).range?.[0] : undefined;
    return this.at(start ?? 0);
  }

  /** Follows a path as far as it leads: the pair or item of the last part that exists. */
  #walk(path: readonly PropertyKey[]): { pair: Pair | null; node: unknown } {
    let node: unknown = this.#document.contents;
    let pair: Pair | null = null;
    for (const part of path) {
      if (isMap(node)) {
        const next = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
        if (!next) break;
        pair = next;
        node = next.value ?? next.key;
      } else if (isSeq(node) && typeof part === "number" && node.items[part] !== undefined) {
        pair = null;
        node = node.items[part];
        if (isPair(node)) node = node.value;
      } else break;
    }
    return { pair, node };
  }

  /** Where the value at a path stands, or the nearest thing above it that exists. */
  value(path: readonly PropertyKey[]): Position {
    return this.#of(this.#walk(path).node);
  }

  /** Where the key at the end of a path stands. */
  key(path: readonly PropertyKey[]): Position {
    const { pair, node } = this.#walk(path);
    return this.#of(pair?.key ?? node);
  }

  /** Where the text of a scalar begins: behind an opening quote. */
  text(path: readonly PropertyKey[]): Position {
    const { node } = this.#walk(path);
    const { line, column } = this.#of(node);
    const quoted = isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE");
    return { line, column: quoted ? column + 1 : column };
  }
}
