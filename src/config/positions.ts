import { type Document, isMap, isNode, isPair, isScalar, isSeq, type LineCounter, type Pair, type YAMLMap } from "yaml";

/** Lines and columns count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Looks up where keys and values of a YAML document stand. */
export class Positions {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #source: string;
  readonly #pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(document: Document, lines: LineCounter, source: string) {
    this.#document = document;
    this.#lines = lines;
    this.#source = source;
  }

  at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  of(node: unknown): Position {
    return this.at((isNode(node) ? node.range?.[0] : undefined) ?? 0);
  }

  #pair(map: YAMLMap, key: string): Pair | undefined {
    const known =
      this.#pairs.get(map) ??
      new Map(map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])));
    this.#pairs.set(map, known);
    return known.get(key);
  }

  /** Follows a path as far as it leads: the pair or item of the last part that exists. */
  #walk(path: readonly PropertyKey[]): { pair: Pair | null; node: unknown } {
    let node: unknown = this.#document.contents;
    let pair: Pair | null = null;
    for (const part of path) {
      if (isMap(node)) {
        const next = this.#pair(node, String(part));
        if (!next) break;
        pair = next;
        node = next.value ?? next.key;
      } else if (isSeq(node) && typeof part === "number" && node.items[part] !== undefined) {
        pair = null;
        const item: unknown = node.items[part];
        node = isPair(item) ? item.value : item;
      } else break;
    }
    return { pair, node };
  }

  /** Where the value at a path stands, or the nearest thing above it that exists. */
  value(path: readonly PropertyKey[]): Position {
    return this.of(this.#walk(path).node);
  }

  /** Where the key at the end of a path stands, or the nearest key above it. */
  key(path: readonly PropertyKey[]): Position {
    const { pair, node } = this.#walk(path);
    return this.of(pair?.key ?? node);
  }

  /** Where a column (from 1) of the text at a path stands; its beginning where the text is folded or escaped. */
  inText(path: readonly PropertyKey[], column: number): Position {
    const { node } = this.#walk(path);
    if (!isScalar(node) || typeof node.value !== "string" || !node.range) return this.of(node);
    const start = node.range[0] + (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE" ? 1 : 0);
    return this.#source.startsWith(node.value, start) ? this.at(start + column - 1) : this.of(node);
  }
}
