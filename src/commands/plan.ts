import { type Comparison, comparisonOf } from "../domain/comparison.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { type Decision, matrixLimit, planModels } from "../domain/plan.ts";
import { UserError } from "../domain/problem.ts";
import type { Request } from "../domain/request.ts";
import type { Section } from "../domain/section.ts";
import { askedBy, type Trigger } from "../domain/trigger.ts";
import { findModels } from "./models.ts";
import type { RepositoryWorkshop } from "./repository.ts";

/** How many models that are not released are listed; the rest is a number. */
const listed = 200;

/** A terminal compares the working folder with the ref it is given, a job what its event says. */
function triggerOf({ host }: RepositoryWorkshop, { since }: Request): Trigger {
  if (since !== null) return { event: "terminal", kind: "proposed", base: since, head: null };
  return host.job?.trigger ?? askedBy("terminal");
}

/** Everything that differs between what is compared. */
async function changedIn(
  { changes }: RepositoryWorkshop,
  comparison: Comparison,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | "all"> {
  if (comparison.kind === "all") return "all";
  const changed = new Set<string>();
  for (const { from, to } of comparison.pairs)
    for (const path of await changes.between(from, to, signal)) changed.add(path);
  return changed;
}

/** A ref that somebody typed and that is none is an error; a commit of an event that is gone is not. @throws UserError */
function checkedSince({ since }: Request, base: string | null | undefined): void {
  if (since === null || base) return;
  throw new UserError([
    {
      code: "input.missing",
      message: `there is no commit "${since}" in this clone`,
      hint: "Name a branch, tag or commit that git log knows: modelgate plan --since origin/main",
    },
  ]);
}

/** More legs than a matrix has. @throws UserError rather than leaving a model out. */
function checkedCount(planned: number): void {
  if (planned <= matrixLimit) return;
  throw new UserError([
    {
      code: "plan.too-many",
      message: `${planned} models are to be released, and a matrix has at most ${matrixLimit} legs`,
      hint: "Call release.yml once for each part of the repository, with a pattern of its own for config (models/[a-m]*/modelgate.yml, models/[n-z]*/modelgate.yml): docs/plan.md shows how.",
    },
  ]);
}

function planSection(decisions: readonly Decision[], why: string): Section {
  const released = decisions.filter(({ planned }) => planned);
  const rest = decisions.filter(({ planned }) => !planned);
  const left = rest.length - listed;
  return {
    title: "Plan",
    columns: ["", "model", "configuration", "why"],
    rows: [...released, ...rest.slice(0, listed)].map(({ planned, name, config, why: because }) => [
      planned ? "release" : "–",
      name,
      config,
      because,
    ]),
    notes: [`compared: ${why}`, ...(left > 0 ? [`${left} more models: nothing they name changed`] : [])],
  };
}

/** Tells which models of the repository changed, as the legs of a workflow's matrix, and why. */
export async function planCommand(shop: RepositoryWorkshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const { host, changes } = shop;
  const trigger = triggerOf(shop, request);
  const models = await host.step("models", () => findModels(shop, request.config, signal));
  const { comparison, changed } = await host.step("changes", async () => {
    const history = trigger.base === null ? null : await changes.history(trigger.base, trigger.head, signal);
    checkedSince(request, history?.base);
    const decided = comparisonOf(trigger, history);
    return { comparison: decided, changed: await changedIn(shop, decided, signal) };
  });
  if (comparison.kind === "all" && comparison.warning) host.warn(comparison.warning);
  const decisions = planModels(models, changed);
  const planned = decisions.filter((decision) => decision.planned).map(({ name, config }) => ({ name, config }));
  if (host.job) checkedCount(planned.length);
  return {
    ...emptyOutcome,
    command: "plan",
    verdict: "none",
    headline: headlineOf(
      planned.map(({ name }) => name),
      models.length,
    ),
    planned,
    sections: [planSection(decisions, comparison.why)],
  };
}

const named = 10;

function headlineOf(names: readonly string[], all: number): string {
  if (names.length === 0) return `no model changed: none of ${all} is released`;
  const more = names.length > named ? ` and ${names.length - named} more` : "";
  return `${names.length} of ${all} models ${names.length === 1 ? "is" : "are"} to be released: ${names.slice(0, named).join(", ")}${more}`;
}
