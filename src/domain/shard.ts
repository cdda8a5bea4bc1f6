import { digestOf, type Json } from "./canonical.ts";
import type { Digest } from "./digest.ts";
import type { Evaluation } from "./evaluation.ts";
import { type RowAnswer, rowAnswerFromJson, rowAnswerToJson } from "./reading/row-answer.ts";
import type { ReadingPlan } from "./reading.ts";
import { count, digest, list, object, oneOf, orNull, repository, type Shape, text } from "./shape.ts";

/** Which part of the rows a run asks: the `index`th of `of`, from 1. */
export interface Part {
  index: number;
  of: number;
}

/** All rows. */
export const whole: Part = { index: 1, of: 1 };

/** More would need more jobs than a matrix has. */
export const mostParts = 256;

/** Reads `3/7`. @returns null when it is no part. */
export function parsePart(written: string): Part | null {
  const [, index, of] = /^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(written) ?? [];
  const part = { index: Number(index), of: Number(of) };
  return part.index <= part.of && part.of <= mostParts ? part : null;
}

export const formatPart = ({ index, of }: Part): string => `${index}/${of}`;

/** What one part of the rows was answered: all that is needed to put an evaluation together. */
export interface Shard extends Pick<Evaluation, "subject" | "champion" | "data"> {
  part: Part;
  /** Digest of how answers are read: parts that were read differently do not fit together. */
  reading: Digest;
  /** Which rows: from 0, in the order of their hashes. */
  rows: readonly number[];
  candidate: readonly RowAnswer[];
  /** Null when no champion was asked. */
  other: readonly RowAnswer[] | null;
}

export const readingDigest = (plan: ReadingPlan): Digest => digestOf({ ...plan, classes: [...plan.classes] });

const any: Shape = () => undefined;
const image = object({ repository, digest });
const seen = object({ image, modelDigest: digest });
const shardShape = {
  schema: oneOf(2),
  part: object({ index: count, of: count }),
  subject: object({ before: seen, after: seen }),
  champion: object({ image: orNull(image), source: text }),
  data: object({ digest, rows: count }),
  reading: digest,
  rows: list(count),
  candidate: list(any),
  other: orNull(list(any)),
} satisfies Record<keyof Shard | "schema", Shape>;

/** The body of shard evidence. */
export const shardToJson = (shard: Shard): Json =>
  ({
    ...shard,
    schema: 2,
    rows: [...shard.rows],
    candidate: shard.candidate.map(rowAnswerToJson),
    other: shard.other && shard.other.map(rowAnswerToJson),
  }) as unknown as Json;

/** Reads the body of shard evidence. @throws RangeError that names the place when it has not the shape. */
export function shardFromJson(body: Json): Shard {
  object(shardShape)(body, "shard");
  const { schema: _, ...shard } = body as unknown as Shard & { schema: 2 };
  const read = (answers: readonly RowAnswer[]): RowAnswer[] =>
    answers.map((answer) => rowAnswerFromJson(answer as unknown as Json));
  const [candidate, other] = [read(shard.candidate), shard.other && read(shard.other)];
  const { rows, data } = shard;
  if (candidate.length !== rows.length || (other && other.length !== rows.length))
    throw new RangeError("shard.candidate has not an answer for each of its rows");
  if (rows.some((row) => row >= data.rows)) throw new RangeError("shard.rows names a row that the data have not");
  return { ...shard, candidate, other };
}

/** Why shards do not make one evaluation of these rows, in sentences; none when they do. */
export function unfit(shards: readonly Shard[], { of, rows }: { of: number; rows: number }): string[] {
  const [first] = shards;
  const missing = Array.from({ length: of }, (_, at) => at + 1).filter(
    (index) => !shards.some(({ part }) => part.index === index),
  );
  if (missing.length > 0 || !first) return [`of ${of} shards, ${missing.join(", ")} left nothing`];
  const differs = (what: string, value: (shard: Shard) => unknown): string[] =>
    shards.every((shard) => JSON.stringify(value(shard)) === JSON.stringify(value(first)))
      ? []
      : [`the shards differ in ${what}`];
  const asked = new Set(shards.flatMap((shard) => shard.rows));
  const total = shards.reduce((sum, shard) => sum + shard.rows.length, 0);
  return [
    ...differs("the data", ({ data }) => data),
    ...differs("what was evaluated", ({ subject }) => [subject.before, subject.after]),
    ...differs("the champion", ({ champion }) => champion),
    ...differs("how answers are read", ({ reading }) => reading),
    ...(asked.size === rows && total === rows ? [] : [`the shards answer ${total} rows, and the data have ${rows}`]),
  ];
}
