import type { HandedOver, LegCommand } from "./hand-over.ts";
import { formatImage, type Image } from "./image.ts";
import type { PlannedModel } from "./plan.ts";
import type { Section } from "./section.ts";

type Verdict = HandedOver["verdict"];

/** What each command of a release left behind, as far as it did. */
export type LegRecords = Readonly<Partial<Record<LegCommand, HandedOver>>>;

/** What a run came to for one model. */
export interface CollectedModel extends PlannedModel {
  verdict: "pass" | "fail" | "inconclusive" | "error";
  /** Why, in the words of the command that decided it. */
  headline: string;
  /** Whether the release stopped without saying why; to run it again may help. */
  unfinished: boolean;
  image: Image | null;
  url: string | null;
  /** The records that count, by command: those that were left by an earlier attempt and overtaken are not among them. */
  records: LegRecords;
}

/** What a run came to for all its models. */
export interface Collected {
  /** The worst of all; `none` when there was nothing to release. */
  verdict: CollectedModel["verdict"] | "none";
  headline: string;
  models: readonly CollectedModel[];
  /** Jobs that did not succeed although no model's record says why. */
  unexplained: readonly string[];
}

/** From the best to the worst. */
const order: readonly Verdict[] = ["none", "pass", "inconclusive", "fail", "error"];

const worst = <T extends Verdict>(verdicts: readonly T[]): T | null =>
  verdicts.toSorted((a, b) => order.indexOf(b) - order.indexOf(a))[0] ?? null;

/** The commands of a release in parts, each of which needs the one before. */
const parts: readonly LegCommand[] = ["package", "deploy", "smoke", "evaluate", "gate"];

/**
 * The records that count. A command that ran again makes the ones behind it be done again: what an earlier attempt left of those
 * is overtaken, and must not stand for a leg that died.
 */
function standing(records: LegRecords): LegRecords {
  const kept: Partial<Record<LegCommand, HandedOver>> = { ...records };
  let attempt = 0;
  for (const part of parts) {
    const record = records[part];
    if (!record) continue;
    if (record.attempt < attempt) delete kept[part];
    attempt = Math.max(attempt, record.attempt);
  }
  // `run` is all parts at once: whichever is of the later attempt is what happened.
  if (records.run && attempt > records.run.attempt) delete kept.run;
  else if (records.run) for (const part of parts) delete kept[part];
  return kept;
}

const error = (headline: string): Pick<CollectedModel, "verdict" | "headline" | "unfinished"> => ({
  verdict: "error",
  headline,
  unfinished: true,
});

/** What the records of one model come to. Without a verdict it is an error, never a pass. */
function judged(records: LegRecords): Pick<CollectedModel, "verdict" | "headline" | "unfinished"> {
  const chain = [...parts.flatMap((part) => records[part] ?? []), ...(records.run ? [records.run] : [])];
  const verdict = worst(chain.map((record) => record.verdict));
  const decided = chain.find((record) => record.verdict === verdict);
  if (decided && (verdict === "error" || verdict === "fail" || verdict === "inconclusive"))
    return { verdict, headline: decided.headline, unfinished: false };
  const made = records.run ?? records.package;
  const last = records.run ?? records.gate;
  if (!made) return error("it did not finish: its job left no record in this run");
  if (!last) return error(`it did not finish: the last record is of ${chain.at(-1)!.command}`);
  if (last.verdict !== "pass") return error("its gates were not judged");
  const [image, judgedImage] = [made.image && formatImage(made.image), last.image && formatImage(last.image)];
  if (image === null || image !== judgedImage)
    return error(`${judgedImage ?? "no image"} was judged, and ${image ?? "no image"} was made in this run`);
  return { verdict: "pass", headline: last.headline, unfinished: false };
}

/** A model whose records cannot be read or found, for a reason of its own. */
export const failedModel = (model: PlannedModel, headline: string): CollectedModel => ({
  ...model,
  verdict: "error",
  headline,
  unfinished: false,
  image: null,
  url: null,
  records: {},
});

/** What a run came to for one model, by the records its jobs left. */
export function collectModel(model: PlannedModel, records: LegRecords): CollectedModel {
  const counted = standing(records);
  const made = counted.run ?? counted.package ?? null;
  return {
    ...model,
    ...judged(counted),
    image: made?.image ?? null,
    url: (counted.run ?? counted.deploy)?.url ?? null,
    records: counted,
  };
}

const counted = (models: readonly CollectedModel[]): string =>
  (["pass", "fail", "inconclusive", "error"] as const)
    .map((verdict) => [verdict, models.filter((model) => model.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(", ");

/**
 * Makes one result of all models.
 * @param unsuccessful jobs of the run that ended otherwise than with success.
 */
export function collect(models: readonly CollectedModel[], unsuccessful: readonly string[]): Collected {
  const verdict = worst(models.map((model) => model.verdict));
  if (verdict === null) return { verdict: "none", headline: "no model was released", models, unexplained: [] };
  const unexplained = verdict === "pass" ? unsuccessful : [];
  const [only] = models;
  const headline =
    models.length === 1 ? `${only!.name}: ${only!.headline}` : `${models.length} models: ${counted(models)}`;
  if (unexplained.length === 0) return { verdict, headline, models, unexplained };
  const jobs = unexplained.join(" and ");
  return { verdict: "error", headline: `${headline}; and ${jobs} did not end with success`, models, unexplained };
}

const shown: readonly LegCommand[] = parts;

/** Model by stage, with what each stage said. */
export const collectedSections = ({ models, unexplained }: Collected): Section[] => [
  {
    title: "Models",
    columns: ["", "model", ...shown, "image"],
    rows: models.map(({ name, verdict, records, image }) => [
      verdict,
      name,
      ...shown.map((part) => cell(records.run ?? records[part])),
      image ? image.digest : "",
    ]),
    notes: [
      ...models.filter(({ verdict }) => verdict !== "pass").map(({ name, headline }) => `${name}: ${headline}`),
      ...unexplained.map(
        (job) =>
          `${job} did not end with success, and no model's record says why: look at its log, and run the failed jobs again`,
      ),
    ],
  },
];

const cell = (record: HandedOver | undefined): string =>
  record === undefined ? "–" : record.verdict === "none" ? "done" : record.verdict;
