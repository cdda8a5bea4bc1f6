import { type HandedOver, isLegCommand, type LegCommand } from "../domain/hand-over.ts";
import { formatImage, type Image } from "../domain/image.ts";
import type { Outcome } from "../domain/outcome.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import type { Workshop } from "./workshop.ts";

/** How long a failed command takes to say that it failed: a runner that cancels does not wait longer. */
const farewell = 5000;

type Said = Pick<HandedOver, "verdict" | "headline" | "image" | "url">;

/** A failure in one line, for whoever collects. What is no problem of theirs stays in the log. */
const failureOf = (error: unknown): Said => ({
  verdict: "error",
  headline:
    error instanceof UserError || error instanceof WorldError
      ? error.message.split("\n")[0]!
      : "modelgate failed: its log has the reason",
  image: null,
  url: null,
});

/**
 * Leaves what a command comes to for the jobs behind it, in a workflow run. Without the record of `package` the next job would
 * not find the image; the others are only read by `collect`, for which no record is an error.
 */
export async function recorded(
  shop: Workshop,
  { command }: Request,
  signal: AbortSignal,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const { handOver, host, clock, config } = shop;
  const { job, source } = host;
  if (!handOver || !job || !isLegCommand(command)) return work();
  const about = { command, model: config.model.name, run: source.run ?? job.run, attempt: job.attempt };
  const leave = ({ verdict, headline, image, url }: Said, until: AbortSignal): Promise<void> => {
    const at = clock.now().toISOString();
    return handOver.leave(job.run, { ...about, commit: source.commit, verdict, headline, image, url, at }, until);
  };
  let outcome: Outcome;
  try {
    outcome = await work();
  } catch (error) {
    await leave(failureOf(error), AbortSignal.timeout(farewell)).catch(() => undefined);
    throw error;
  }
  try {
    await leave(outcome, signal);
  } catch (error) {
    if (command === "package" || !(error instanceof WorldError)) throw error;
    const { problem } = error;
    host.warn({ ...problem, message: `collect will not see what this ${command} came to: ${problem.message}` });
  }
  return outcome;
}

/** Stands where a run's id does: the release of a model that passed last, in whatever run. */
const lastPassed = "passed";

/** Leaves word that a release passed, for whoever promotes without naming an image. What cannot be left is named then. */
export async function leavePassed(shop: Workshop, release: Release, signal: AbortSignal): Promise<void> {
  const { handOver, host, clock, config } = shop;
  if (!handOver) return;
  const { run, commit } = host.source;
  const about = { command: "gate", model: config.model.name, run: run ?? "terminal", attempt: 1, commit } as const;
  const said = { verdict: "pass", headline: formatImage(release.image), image: release.image, url: null } as const;
  try {
    await handOver.leave(lastPassed, { ...about, ...said, at: clock.now().toISOString() }, signal);
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    host.warn({ ...error.problem, message: `promote will not find this release by itself: ${error.problem.message}` });
  }
}

/** The image that passed last, as a claim: it is verified like any other. Null when none did, or nothing is left in a registry. */
export async function passedLast({ handOver, config }: Workshop, signal: AbortSignal): Promise<Image | null> {
  const key = { run: lastPassed, attempt: 1, model: config.model.name, command: "gate" } as const;
  return (await handOver?.find(key, signal))?.image ?? null;
}

const makers: readonly LegCommand[] = ["package", "run"];

/** The newest record of a command that makes an image, in this run. */
async function made({ handOver, host, config }: Workshop, signal: AbortSignal): Promise<HandedOver | null> {
  const { job } = host;
  if (!handOver || !job) return null;
  const records: HandedOver[] = [];
  for (const command of makers) {
    const found = await handOver.find({ ...job, model: config.model.name, command }, signal);
    if (found) records.push(found);
  }
  const newest = records.toSorted((a, b) => b.attempt - a.attempt || Date.parse(b.at) - Date.parse(a.at));
  return newest[0] ?? null;
}

/**
 * The release that an earlier job of this run made; null outside a run, and when none left a record. The record is a claim: the
 * image must be there, in this model's repository, and say that it is this model.
 * @throws UserError when it was not made, or is another model's.
 */
export async function handedOver(shop: Workshop, signal: AbortSignal): Promise<Release | null> {
  const record = await made(shop, signal);
  if (!record) return null;
  const { file, model, image } = shop.config;
  if (!record.image)
    throw new UserError([
      {
        code: "input.missing",
        message: `${record.command} made no image of ${model.name} in this run: ${record.headline}`,
        hint: "See what it says, and run the failed jobs again; or name an image with --image.",
      },
    ]);
  const foreign = (why: string): UserError =>
    new UserError([
      {
        code: "hand-over.damaged",
        message: `the image that this run left for ${model.name} cannot be used: ${why}`,
        hint: "Run the jobs again from package on, and find out who else writes to this repository.",
        at: { file, key: "image.repository" },
      },
    ]);
  if (record.image.repository !== image.repository)
    throw foreign(`${formatImage(record.image)} is not in ${image.repository}`);
  const release = await shop.builder.describe(record.image, signal);
  if (release.model.name !== model.name) throw foreign(`${formatImage(record.image)} is ${release.model.name}`);
  return release;
}
