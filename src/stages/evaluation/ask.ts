import { UserError } from "../../domain/problem.ts";
import type { Running } from "../../domain/release.ts";
import { type Part, readingDigest, type Shard } from "../../domain/shard.ts";
import { xoshiro } from "../../domain/statistics/prng.ts";
import { isSame } from "../../domain/verdict.ts";
import { askRows } from "../asking.ts";
import type { Champion, EvaluateOptions } from "./options.ts";

const besideCandidate = "deployed beside the candidate";

/** The rows of a part, by their places in `rows.order`, in an order that the digests decide: no run can choose which rows come first. */
function placesOf({ rows, candidate, champion, identity }: EvaluateOptions, { index, of }: Part): number[] {
  const seed = ["modelgate/1", candidate.image.digest, champion?.image.digest ?? "none", identity.digest, "order"];
  return xoshiro(seed.join("|"))
    .shuffle([...rows.order.keys()])
    .filter((_, turn) => turn % of === index - 1);
}

const changed = (message: string, hint: string): UserError =>
  new UserError([{ code: "evaluate.subject-changed", message, hint }]);

async function subject(options: EvaluateOptions): Promise<Running> {
  const running = await options.running();
  if (running && running.image.digest === options.candidate.image.digest) return running;
  throw changed(
    running
      ? `staging runs ${running.image.digest}, and ${options.candidate.image.digest} is to be evaluated`
      : "nothing runs in staging",
    "Deploy the image first, and let nothing else deploy to staging meanwhile.",
  );
}

const sourceOf = (champion: Champion): string => {
  if (champion === null) return "none";
  return "session" in champion ? besideCandidate : champion.unavailable;
};

/** Whether the champion of an evaluation answered. */
export const championStateOf = ({ image, source }: Shard["champion"]): "none" | "present" | "unavailable" => {
  if (image === null) return "none";
  return source === besideCandidate ? "present" : "unavailable";
};

/**
 * Sends the rows of a part to the deployed candidate, and to the champion beside it. The platform is asked before and after:
 * only what ran all the time can be judged.
 * @throws UserError `evaluate.subject-changed`.
 */
export async function askPart(options: EvaluateOptions, part: Part): Promise<Shard> {
  const { identity, plan, champion, candidate } = options;
  const before = await subject(options);
  const places = placesOf(options, part);
  const rows = places.map((place) => options.rows.order[place]!);
  const asked = champion && "session" in champion ? champion : null;
  const told = (from: number, share: number): void => options.progress(asked ? from + share / 2 : share);
  const answers = await askRows(candidate.session, rows, { ...options, progress: (share) => told(0, share) });
  const other = asked && (await askRows(asked.session, rows, { ...options, progress: (share) => told(0.5, share) }));
  const after = await subject(options);
  if (!isSame(before, after))
    throw changed(
      "the model's bytes in staging changed during the evaluation",
      "Find out who writes to the staging environment.",
    );
  return {
    part,
    subject: { before: runningSeen(before), after: runningSeen(after) },
    champion: { image: champion?.image ?? null, source: sourceOf(champion) },
    data: identity,
    reading: readingDigest(plan),
    rows: places,
    candidate: answers,
    other,
  };
}

const runningSeen = ({ image, modelDigest }: Running) => ({ image, modelDigest });
