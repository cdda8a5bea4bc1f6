import type { Outcome } from "../domain/outcome.ts";
import type { CommandName, Request } from "../domain/request.ts";
import { page } from "../reports/page.ts";
import { bundleCommand } from "./bundle.ts";
import { promoteCommand, rollbackCommand } from "./change.ts";
import { deployCommand } from "./deploy.ts";
import { evaluateCommand } from "./evaluate.ts";
import { explainCommand } from "./explain.ts";
import { gateCommand } from "./gate.ts";
import { packageCommand } from "./package.ts";
import { runCommand } from "./run.ts";
import { smokeCommand } from "./smoke.ts";
import { removeCommand, statusCommand } from "./status.ts";
import { validateCommand } from "./validate.ts";
import { verifyCommand } from "./verify.ts";
import type { Workshop } from "./workshop.ts";

type Command = (shop: Workshop, request: Request, signal: AbortSignal) => Promise<Outcome>;

const verbs: Record<CommandName, Command> = {
  validate: (shop, _request, signal) => validateCommand(shop, signal),
  package: (shop, _request, signal) => packageCommand(shop, signal),
  deploy: deployCommand,
  smoke: smokeCommand,
  evaluate: evaluateCommand,
  gate: gateCommand,
  run: runCommand,
  bundle: bundleCommand,
  verify: verifyCommand,
  promote: promoteCommand,
  rollback: rollbackCommand,
  explain: explainCommand,
  status: statusCommand,
  remove: removeCommand,
};

/** Carries a request out and leaves its report as an HTML page. */
export async function carryOutRequest(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const outcome = await verbs[request.command](shop, request, signal);
  if (outcome.judgement === null && outcome.smoke === null) return outcome;
  const path = shop.files.path("report.html");
  const reported = { ...outcome, files: { ...outcome.files, report: path } };
  await shop.files.write("report.html", [page(reported)]);
  return reported;
}
