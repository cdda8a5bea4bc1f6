import type { Outcome } from "../domain/outcome.ts";
import type { ModelCommand, RepositoryCommand, Request } from "../domain/request.ts";
import { page } from "../reports/page.ts";
import { bundleCommand } from "./bundle.ts";
import { promoteCommand, rollbackCommand } from "./change.ts";
import { collectCommand } from "./collect.ts";
import { deployCommand } from "./deploy.ts";
import { evaluateCommand } from "./evaluate.ts";
import { explainCommand } from "./explain.ts";
import { gateCommand } from "./gate.ts";
import { recorded } from "./hand-over.ts";
import { announcing, inView } from "./in-view.ts";
import { readModel } from "./models.ts";
import { packageCommand } from "./package.ts";
import { planCommand } from "./plan.ts";
import { replayCommand } from "./replay.ts";
import type { RepositoryWorkshop } from "./repository.ts";
import { runCommand } from "./run.ts";
import { smokeCommand } from "./smoke.ts";
import { removeCommand, statusCommand } from "./status.ts";
import { validateCommand } from "./validate.ts";
import { verifyCommand } from "./verify.ts";
import { verifyGateCommand } from "./verify-gate.ts";
import type { Workshop } from "./workshop.ts";

type Command = (shop: Workshop, request: Request, signal: AbortSignal) => Promise<Outcome>;

const verbs: Record<ModelCommand, Command> = {
  validate: (shop, _request, signal) => validateCommand(shop, signal),
  package: (shop, _request, signal) => packageCommand(shop, signal),
  deploy: deployCommand,
  smoke: smokeCommand,
  evaluate: evaluateCommand,
  gate: gateCommand,
  run: runCommand,
  "verify-gate": (shop, _request, signal) => verifyGateCommand(shop, signal),
  replay: replayCommand,
  bundle: bundleCommand,
  verify: verifyCommand,
  promote: promoteCommand,
  rollback: rollbackCommand,
  explain: explainCommand,
  status: statusCommand,
  remove: removeCommand,
};

type AboutRepository = (shop: RepositoryWorkshop, request: Request, signal: AbortSignal) => Promise<Outcome>;

const repositoryVerbs: Record<RepositoryCommand, AboutRepository> = { plan: planCommand, collect: collectCommand };

/** Carries a request about the repository out. What is shown of it is for the models' own configurations to say. */
export function carryOutForRepository(
  shop: RepositoryWorkshop,
  request: Request & { command: RepositoryCommand },
  signal: AbortSignal,
): Promise<Outcome> {
  const view = async (outcome: Outcome | null) => {
    if (request.command !== "collect") return null;
    const read = await shop.each(outcome?.planned ?? [], ({ config }) => readModel(shop, config, config));
    return shop.view(read.flatMap(({ config }) => (config ? [config] : [])));
  };
  const watched = { view, host: shop.host, request, model: null };
  return inView(watched, signal, () => repositoryVerbs[request.command](shop, request, signal));
}

/**
 * Carries a request out in sight of the view, leaves its report as an HTML page, and in a workflow run a record for the jobs
 * behind it.
 */
export const carryOutRequest = (
  shop: Workshop,
  request: Request & { command: ModelCommand },
  signal: AbortSignal,
): Promise<Outcome> =>
  inView({ view: async () => shop.view, host: shop.host, request, model: shop.config.model.name }, signal, () =>
    reported(announcing(shop, request), request, signal),
  );

async function reported(
  shop: Workshop,
  request: Request & { command: ModelCommand },
  signal: AbortSignal,
): Promise<Outcome> {
  const outcome = await recorded(shop, request, signal, () => verbs[request.command](shop, request, signal));
  if (outcome.judgement === null && outcome.smoke === null) return outcome;
  const path = shop.files.path("report.html");
  const named = { ...outcome, files: { ...outcome.files, report: path } };
  await shop.files.write("report.html", [page(named)]);
  return named;
}
