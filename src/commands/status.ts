import { formatImage } from "../domain/image.ts";
import { lastDone, openActs } from "../domain/ledger.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { UserError } from "../domain/problem.ts";
import type { Request } from "../domain/request.ts";
import { environmentOf, production } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

/** What an environment runs, as the platform says, and whether the ledger says the same. */
export async function statusCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const environment = environmentOf(shop, request, production);
  const running = await shop.platform(environment, "main").current(signal);
  const entries = await shop.ledger.read(environment, signal);
  const open = openActs(entries);
  const last = lastDone(entries);
  const release = running && (await shop.builder.describe(running.image, signal));
  const disagrees =
    last !== null && (running?.image.digest !== last.image.digest || running.modelDigest !== last.modelDigest);
  const notes = [
    ...open.map(
      ({ act, image, actor, at }) =>
        `a ${act} to ${formatImage(image)} by ${actor} was begun at ${at} and not finished; the next promote or rollback settles it`,
    ),
    ...(disagrees ? [`the ledger says ${formatImage(last.image)} with the model ${last.modelDigest}`] : []),
    ...(last && !disagrees
      ? [`the ledger agrees: ${last.act} at ${last.at} by ${last.actor}${last.reason ? ` (${last.reason})` : ""}`]
      : []),
    ...(running && release && running.modelDigest !== release.model.digest
      ? [
          `the model's bytes on the platform have the digest ${running.modelDigest}, and ${release.model.digest} was packaged`,
        ]
      : []),
  ];
  const sound = !disagrees && open.length === 0 && (!running || running.modelDigest === release?.model.digest);
  return {
    ...emptyOutcome,
    command: "status",
    verdict: sound ? "none" : "fail",
    headline: running
      ? `${environment} runs ${formatImage(running.image)}${sound ? "" : ", and it should not be so"}`
      : `nothing runs in ${environment}${sound ? "" : ", and the ledger says otherwise"}`,
    environment,
    model: release?.model ?? null,
    image: running?.image ?? null,
    url: running?.endpoint.url ?? null,
    notes,
  };
}

/** Stops what an environment runs. The environment must be named: there is no default for stopping things. */
export async function removeCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  if (request.environment === null)
    throw new UserError([
      {
        code: "input.missing",
        message: "remove needs an environment",
        hint: "Name it: modelgate remove --environment staging",
      },
    ]);
  const environment = environmentOf(shop, request, request.environment);
  const platform = shop.platform(environment, "main");
  const running = await platform.current(signal);
  await shop.host.step("remove", async () => {
    await platform.remove(signal);
    await shop.platform(environment, "champion").remove(signal);
  });
  return {
    ...emptyOutcome,
    command: "remove",
    verdict: "none",
    headline: running ? `${environment} runs nothing any more` : `nothing ran in ${environment}`,
    environment,
    previousImage: running?.image ?? null,
  };
}
