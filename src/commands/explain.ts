import { type Digest, isDigest } from "../domain/digest.ts";
import {
  actsSection,
  breachSection,
  entryBreaches,
  evidenceSection,
  historySection,
  type ImageFacts,
  imageBreaches,
  originSection,
  verdictSection,
} from "../domain/explanation.ts";
import { byDigest, forks } from "../domain/history.ts";
import { embeddedHost, formatImage, type Image, parseImage } from "../domain/image.ts";
import { entryDigest, type LedgerEntry, lastDone, openActs } from "../domain/ledger.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { type Problem, UserError, WorldError } from "../domain/problem.ts";
import type { Running } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import { isSame } from "../domain/verdict.ts";
import { readFacts } from "../stages/explain.ts";
import { isSigned } from "./data.ts";
import { environmentOf, production } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

/** Tells who did what, why and on which evidence: the history of an environment, or all that is known of a digest. */
export async function explainCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const subject = request.subject ?? request.image;
  const asked = subject === null ? null : digestIn(subject);
  if (asked) return explainDigest(shop, asked, request.verify, signal);
  if (subject !== null && !Object.hasOwn(shop.config.environments, subject)) throw notFound(shop, subject);
  const environment = environmentOf(shop, { ...request, environment: subject ?? request.environment }, production);
  return explainEnvironment(shop, environment, request.verify, signal);
}

const notFound = ({ config }: Workshop, subject: string): UserError =>
  new UserError([
    {
      code: "input.missing",
      message: `"${subject}" is neither a digest nor an environment of ${config.file}`,
      hint: `Name sha256:… (64 hex digits), repository@sha256:…, or one of ${Object.keys(config.environments).join(", ")}.`,
    },
  ]);

/** The digest that a text names, with its repository where it says one; null when it names none. */
function digestIn(text: string): { digest: Digest; repository: string | null } | null {
  if (isDigest(text)) return { digest: text, repository: null };
  const whole = `sha256:${text}`;
  if (isDigest(whole)) return { digest: whole, repository: null };
  try {
    return parseImage(text);
  } catch {
    return null;
  }
}

/** A history, and with `verify` what does not hold in it; without, a broken one is an error. */
async function historyOf(shop: Workshop, environment: string, verify: boolean, signal: AbortSignal) {
  return verify
    ? shop.ledger.audit(environment, signal)
    : { entries: await shop.ledger.read(environment, signal), breaches: [] };
}

const optionsOf = (shop: Workshop, signal: AbortSignal) => ({
  evidence: shop.evidence,
  describe: (image: Image, s: AbortSignal) => shop.builder.describe(image, s),
  signal,
});

/** What does not hold of the images that entries name, and between the two. */
async function evidenceBreaches(
  shop: Workshop,
  entries: readonly LedgerEntry[],
  known: readonly ImageFacts[],
  signal: AbortSignal,
): Promise<Problem[]> {
  const images = new Map(known.map((facts) => [facts.image.digest, facts]));
  const named = [...new Map(entries.map(({ image }) => [image.digest, image])).values()];
  for (const [index, image] of named.entries()) {
    shop.host.note(`checking ${formatImage(image)}`, index / named.length);
    if (!images.has(image.digest)) images.set(image.digest, await readFacts(image, optionsOf(shop, signal)));
  }
  const signed = isSigned(shop);
  return [...[...images.values()].flatMap((facts) => imageBreaches(facts, signed)), ...entryBreaches(entries, images)];
}

async function explainEnvironment(
  shop: Workshop,
  environment: string,
  verify: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const { host } = shop;
  const { entries, breaches } = await host.step("ledger", () => historyOf(shop, environment, verify, signal));
  const { running, unknown } = await askPlatform(shop, environment, signal);
  const open = openActs(entries);
  const last = lastDone(entries);
  const disagreements = open.length > 0 || unknown !== null ? [] : disagreement(environment, last, running);
  const found = verify
    ? [
        ...breaches,
        ...disagreements,
        ...(await host.step("evidence", () => evidenceBreaches(shop, entries, [], signal))),
      ]
    : [];
  const headline = running
    ? `${environment} runs ${formatImage(running.image)}${last && isSame(last, running) ? ` since ${last.at}, by ${last.actor}` : ""}`
    : unknown !== null && last
      ? `${environment} should run ${formatImage(last.image)} since ${last.at}, by ${last.actor}`
      : `nothing is known to run in ${environment}`;
  return {
    ...outcomeOf(headline, found, verify),
    environment,
    image: running?.image ?? null,
    previousImage: last?.before ?? null,
    url: running?.endpoint.url ?? null,
    sections: [
      breachSection(found),
      historySection(`History of ${environment}`, entries, forks(byDigest(entries)).length),
    ],
    notes: [
      ...(unknown === null ? [] : [`what runs could not be asked: ${unknown}`]),
      ...(verify ? [] : disagreements.map(({ message }) => message)),
      ...open.map((act) => `the ${act.act} to ${formatImage(act.image)} of ${act.at} is not finished`),
    ],
  };
}

/** What runs, or why the platform could not say: its history can be told all the same. */
async function askPlatform(
  shop: Workshop,
  environment: string,
  signal: AbortSignal,
): Promise<{ running: Running | null; unknown: string | null }> {
  try {
    return { running: await shop.platform(environment, "main").current(signal), unknown: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WorldError)) throw error;
    return { running: null, unknown: error.message };
  }
}

function disagreement(environment: string, last: LedgerEntry | null, running: Running | null): Problem[] {
  if (last === null || (running && isSame(last, running))) return [];
  const runs = running ? `${formatImage(running.image)} with the model ${running.modelDigest}` : "nothing";
  const says = `${formatImage(last.image)} with the model ${last.modelDigest}`;
  return [
    {
      code: "promote.digest-mismatch",
      message: `${environment} runs ${runs}, and its ledger says ${says}`,
      hint: "Somebody changed it without modelgate, or the newest entries were removed. Promote what should run.",
    },
  ];
}

const outcomeOf = (headline: string, found: readonly Problem[], verify: boolean) => ({
  ...emptyOutcome,
  command: "explain" as const,
  headline: found.length > 0 ? `${headline}; ${found.length} of what was checked does not hold` : headline,
  verdict: found.length > 0 ? ("fail" as const) : verify ? ("pass" as const) : ("none" as const),
});

/** Whether an entry is about a digest: of its image, model or verdict, or its own. */
const isAbout = (entry: LedgerEntry, digest: Digest): boolean =>
  [entry.image.digest, entry.modelDigest, entry.verdict].includes(digest) || entryDigest(entry) === digest;

async function explainDigest(
  shop: Workshop,
  asked: { digest: Digest; repository: string | null },
  verify: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const { config, host } = shop;
  const histories = await host.step("ledgers", async () => {
    const read = [];
    for (const environment of Object.keys(config.environments))
      read.push(await historyOf(shop, environment, verify, signal));
    return read;
  });
  const about = histories.flatMap(({ entries }) => entries.filter((entry) => isAbout(entry, asked.digest)));
  const repository = asked.repository ?? config.image.repository ?? `${embeddedHost}/${config.model.name}`;
  const image = about.at(-1)?.image ?? { repository, digest: asked.digest };
  const facts = await host.step("evidence", () => readFacts(image, optionsOf(shop, signal)));
  if (!facts.release && facts.statements.length === 0 && about.length === 0) throw new UserError(facts.problems);
  const entries = histories.flatMap((history) =>
    history.entries.filter((entry) => entry.image.digest === image.digest),
  );
  const found = verify
    ? [
        ...histories.flatMap(({ breaches }) => breaches),
        ...(await host.step("links", () => evidenceBreaches(shop, entries, [facts], signal))),
      ]
    : [];
  const what = facts.release
    ? `${facts.release.model.name} (${facts.release.model.format})`
    : "an image that cannot be read";
  return {
    ...outcomeOf(`${formatImage(image)} is ${what}`, found, verify),
    model: facts.release?.model ?? null,
    image,
    sections: [
      breachSection(found),
      originSection(facts),
      verdictSection(facts),
      evidenceSection(facts),
      actsSection(entries),
    ],
    notes: verify ? [] : facts.problems.map(({ message }) => message),
  };
}
