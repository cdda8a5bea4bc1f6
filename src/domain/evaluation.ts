import type { Json } from "./canonical.ts";
import { type Digest, isDigest } from "./digest.ts";
import type { Image } from "./image.ts";
import type { Answers, LoadRun, Observations } from "./observations/observations.ts";
import type { Flip } from "./outcome.ts";
import { UserError } from "./problem.ts";
import type { Seen } from "./verdict.ts";

/** What an evaluation found: all that the gate needs, and what a report shows. The body of evaluation evidence. */
export interface Evaluation {
  schema: 1;
  subject: { before: Seen; after: Seen };
  champion: { image: Image | null; source: string };
  data: { digest: Digest; rows: number };
  predictions: Digest;
  /** Rows without a usable answer that the policy left out. */
  leftOut: number;
  flips: { count: number; rows: readonly Flip[] };
  observations: Observations;
}

type Plain = { [key: string]: Json };

const answersToJson = (answers: Answers): Json => {
  if (answers.task === "regression") return { task: answers.task, values: [...answers.values] };
  const labels = [...answers.labels];
  if (answers.task === "binary") return { task: answers.task, labels, scores: answers.scores && [...answers.scores] };
  return {
    task: answers.task,
    labels,
    probabilities: answers.probabilities && answers.probabilities.map((row) => [...row]),
  };
};

function answersFromJson(value: Plain): Answers {
  const numbers = (list: Json | undefined): number[] => {
    if (!Array.isArray(list) || !list.every((item) => typeof item === "number"))
      throw new RangeError("answers are not lists of numbers");
    return list as number[];
  };
  switch (value["task"] as string) {
    case "regression":
      return { task: "regression", values: Float64Array.from(numbers(value["values"])) };
    case "binary":
      return {
        task: "binary",
        labels: Uint8Array.from(numbers(value["labels"])),
        scores: value["scores"] === null ? null : Float64Array.from(numbers(value["scores"])),
      };
    case "multiclass": {
      const rows = value["probabilities"];
      return {
        task: "multiclass",
        labels: Int32Array.from(numbers(value["labels"])),
        probabilities: rows === null ? null : (rows as Json[]).map((row) => Float64Array.from(numbers(row))),
      };
    }
    default:
      throw new RangeError("the task is unknown");
  }
}

/** An evaluation as JSON. */
export const evaluationToJson = (evaluation: Evaluation): Json => {
  const { observations } = evaluation;
  return {
    ...evaluation,
    observations: {
      ...observations,
      truth: [...observations.truth],
      candidate: answersToJson(observations.candidate),
      champion: observations.champion && answersToJson(observations.champion),
    },
  } as unknown as Json;
};

/** Reads evaluation evidence back. @throws UserError `release.unreadable` when it has not the shape. */
export function evaluationFromJson(body: Json): Evaluation {
  try {
    const value = body as Plain;
    const observations = value["observations"] as Plain;
    const data = value["data"] as Plain;
    if (
      value["schema"] !== 1 ||
      typeof data["digest"] !== "string" ||
      !isDigest(data["digest"]) ||
      typeof data["rows"] !== "number"
    )
      throw new RangeError("its head is malformed");
    const subject = value["subject"] as { before?: Partial<Seen>; after?: Partial<Seen> } | undefined;
    for (const seen of [subject?.before, subject?.after])
      if (!isDigest(String(seen?.image?.digest)) || !isDigest(String(seen?.modelDigest)))
        throw new RangeError("it does not say what it is about");
    const champion = value["champion"] as { image?: Image | null; source?: unknown } | undefined;
    if (typeof champion?.source !== "string" || (champion.image !== null && !isDigest(String(champion.image?.digest))))
      throw new RangeError("it does not say what it compares with");
    const truth = Float64Array.from(observations["truth"] as number[]);
    const missing = [observations["failedRows"], value["leftOut"]].map(Number);
    if (
      truth.some((label) => !Number.isFinite(label)) ||
      !missing.every((count) => Number.isSafeInteger(count) && count >= 0) ||
      truth.length !== missing.reduce((rest, count) => rest - count, data["rows"])
    )
      throw new RangeError("its rows are not as many as it says");
    return {
      ...(value as unknown as Evaluation),
      observations: {
        ...(observations as unknown as Observations),
        truth,
        candidate: answersFromJson(observations["candidate"] as Plain),
        champion: observations["champion"] === null ? null : answersFromJson(observations["champion"] as Plain),
        load: observations["load"] as unknown as LoadRun | null,
      },
    };
  } catch (error) {
    throw new UserError([
      {
        code: "release.unreadable",
        message: `the evaluation evidence cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        hint: "Evaluate the image again with this version.",
      },
    ]);
  }
}
