import { canonicalJson } from "../domain/canonical.ts";
import { UnorderedDigest } from "../domain/digest.ts";
import type { Label } from "../domain/reading.ts";
import type { Tensors } from "../domain/tensor.ts";
import type { DatasetIdentity, Row, RowFacts, Rows, Sent } from "../ports/dataset.ts";
import type { Spill } from "../ports/spill.ts";

/** Tensors as JSON can say them: integers beyond 2^53 as texts. */
const plainTensors = (tensors: Tensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: data.map((value) => (typeof value === "bigint" ? String(value) : value)) },
    ]),
  );

/** What a row counts as in the identity of its data set: canonical JSON, without where it stands. */
function canonicalRow({ id, inputs, label, slices, group, partner }: Row): string {
  // What a row has not is left out: data without groups and pairs are the same whether or not a plan could have them.
  const more = { group: group ?? undefined, partner: partner ? plainTensors(partner) : undefined };
  return canonicalJson({ id, inputs: plainTensors(inputs), label, slices, ...more });
}

/** The identity of rows, in any order of them. */
export function identify(rows: Iterable<Row>): DatasetIdentity {
  const digest = new UnorderedDigest();
  let count = 0;
  for (const row of rows) {
    digest.add(canonicalRow(row));
    count++;
  }
  return { digest: digest.digest().digest, rows: count };
}

/** Texts that stand often are held once; where nearly all differ, a table of them would only take memory. */
const mostShared = 10_000;

/** What is known of rows, by column: eight bytes for each cell whose text stands often. */
class FactColumns {
  length = 0;
  /** Null as long as each id is the number of its row. */
  #ids: string[] | null = null;
  readonly #lines: number[] = [];
  #files: string[] | null = null;
  readonly #labels: Label[] = [];
  readonly #groups: (string | null)[] = [];
  readonly #slices = new Map<string, string[]>();
  readonly #shared = new Map<string, string>();

  #held(text: string): string {
    const found = this.#shared.get(text);
    if (found !== undefined) return found;
    if (this.#shared.size < mostShared) this.#shared.set(text, text);
    return text;
  }

  add({ id, line, file, label, group, slices }: RowFacts): void {
    const index = this.length++;
    if (this.#ids === null && id !== String(index + 1))
      this.#ids = Array.from({ length: index }, (_, at) => String(at + 1));
    this.#ids?.push(id);
    this.#lines.push(line);
    if (file !== undefined) (this.#files ??= [])[index] = this.#held(file);
    this.#labels.push(typeof label === "string" ? this.#held(label) : label);
    this.#groups.push(group === null ? null : this.#held(group));
    for (const [name, value] of Object.entries(slices)) {
      const column = this.#slices.get(name);
      if (column) column.push(this.#held(value));
      else this.#slices.set(name, [this.#held(value)]);
    }
  }

  at(index: number): RowFacts {
    const file = this.#files?.[index];
    return {
      id: this.#ids === null ? String(index + 1) : this.#ids[index]!,
      line: this.#lines[index]!,
      ...(file !== undefined && { file }),
      label: this.#labels[index]!,
      group: this.#groups[index]!,
      slices: Object.fromEntries([...this.#slices].map(([name, column]) => [name, column[index]!])),
    };
  }
}

/**
 * Reads the rows of a data set once: their identity, what is known of each, and, in a spill, what is sent. In memory stay about 60 bytes a
 * row, and the texts that differ from row to row; never the inputs.
 * @param spill where to keep what is sent; null: it is not needed, and asking for it is a mistake.
 */
export async function takeIn(
  rows: AsyncIterable<Row>,
  spill: Spill<Sent> | null,
): Promise<{ rows: Rows; identity: DatasetIdentity }> {
  const facts = new FactColumns();
  const digest = new UnorderedDigest();
  for await (const row of rows) {
    digest.add(canonicalRow(row));
    facts.add(row);
    spill?.put({ inputs: row.inputs, partner: row.partner });
  }
  const sent = (index: number): Sent => {
    if (spill) return spill.get(index);
    throw new Error("the inputs of rows were not kept");
  };
  const { digest: named, order } = digest.digest();
  return {
    rows: { length: facts.length, order, facts: (index) => facts.at(index), sent },
    identity: { digest: named, rows: facts.length },
  };
}
