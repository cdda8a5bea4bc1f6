import type { Json } from "./canonical.ts";
import { type Digest, isDigest } from "./digest.ts";
import type { Image } from "./image.ts";
import { answersFromJson, answersToJson, truthFromJson, truthToJson } from "./observations/json.ts";
import type { LoadRun, Observations } from "./observations/observations.ts";
import type { Flip } from "./outcome.ts";
import { outsideFromJson } from "./outside/measured.ts";
import { UserError } from "./problem.ts";
import type { Seen } from "./verdict.ts";

/** What an evaluation found: all that the gate needs, and what a report shows. The body of evaluation evidence. */
export interface Evaluation {
  /** 2: rows stand in the order of their hashes, in 1 in that of the file. */
  schema: 2;
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

/** An evaluation as JSON. */
export const evaluationToJson = (evaluation: Evaluation): Json => {
  const { observations } = evaluation;
  return {
    ...evaluation,
    observations: {
      ...observations,
      truth: truthToJson(observations.truth),
      candidate: answersToJson(observations.candidate),
      champion: observations.champion && answersToJson(observations.champion),
      ...(observations.baseline && { baseline: answersToJson(observations.baseline) }),
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
      value["schema"] !== 2 ||
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
    const candidate = answersFromJson(observations["candidate"]);
    const truth = truthFromJson(observations["truth"], candidate.task);
    const missing = [observations["failedRows"], value["leftOut"]].map(Number);
    if (
      !missing.every((count) => Number.isSafeInteger(count) && count >= 0) ||
      truth.length !== missing.reduce((rest, count) => rest - count, data["rows"])
    )
      throw new RangeError("its rows are not as many as it says");
    return {
      ...(value as unknown as Evaluation),
      observations: {
        ...(observations as unknown as Observations),
        truth,
        candidate,
        champion: observations["champion"] === null ? null : answersFromJson(observations["champion"]),
        ...(observations["baseline"] !== undefined && { baseline: answersFromJson(observations["baseline"]) }),
        // Evidence of an earlier version has no groups.
        groups: (observations["groups"] ?? null) as Observations["groups"],
        load: observations["load"] as unknown as LoadRun | null,
        ...(observations["outside"] !== undefined && { outside: outsideFromJson(observations["outside"]) }),
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
