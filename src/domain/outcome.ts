import type { Collected } from "./collected.ts";
import type { Digest } from "./digest.ts";
import type { EvidenceKind } from "./evidence.ts";
import type { Image } from "./image.ts";
import type { Model } from "./model.ts";
import type { PlannedModel } from "./plan.ts";
import type { CommandName } from "./request.ts";
import type { Section } from "./section.ts";
import type { SmokeReport } from "./smoke.ts";
import type { Verdict } from "./verdict.ts";

export type { Section } from "./section.ts";

/** A row on which the candidate answers otherwise than the label or the champion. */
export interface Flip {
  id: string;
  label: string;
  candidate: string;
  champion: string | null;
}

/** What a command came to: all that the hosts and reports show. */
export interface Outcome {
  command: CommandName;
  /** `none`: the command had nothing to judge and did what it was asked. */
  verdict: "pass" | "fail" | "inconclusive" | "error" | "none";
  /** One sentence: what happened. */
  headline: string;
  environment: string | null;
  model: Model | null;
  image: Image | null;
  /** What the environment ran before. */
  previousImage: Image | null;
  url: string | null;
  smoke: SmokeReport | null;
  judgement: Verdict | null;
  flips: { count: number; rows: readonly Flip[] } | null;
  evidence: readonly { kind: EvidenceKind; digest: Digest }[];
  /** Tables of the command's own, shown above the facts. */
  sections: readonly Section[];
  /** The models that are to be released; null for commands about one model. */
  planned: readonly PlannedModel[] | null;
  /** What a run came to for all its models; null for all commands but `collect`. */
  collected: Collected | null;
  /** Facts worth a line: bytes sent, the base image, an interruption. */
  notes: readonly string[];
  /** Files the run left, by what they are. */
  files: Readonly<Record<string, string>>;
}

/** The parts that most commands leave empty. */
export const emptyOutcome = {
  environment: null,
  model: null,
  image: null,
  previousImage: null,
  url: null,
  smoke: null,
  judgement: null,
  flips: null,
  evidence: [],
  sections: [],
  planned: null,
  collected: null,
  notes: [],
  files: {},
} as const satisfies Partial<Outcome>;
