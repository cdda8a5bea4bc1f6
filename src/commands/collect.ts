import { type CollectedModel, collect, collectedSections, collectModel, failedModel } from "../domain/collected.ts";
import { type HandedOver, type LegCommand, legCommands } from "../domain/hand-over.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import type { PlannedModel } from "../domain/plan.ts";
import { UserError } from "../domain/problem.ts";
import type { Request } from "../domain/request.ts";
import type { Job } from "../domain/trigger.ts";
import { readModel } from "./models.ts";
import type { RepositoryWorkshop } from "./repository.ts";

const input = (message: string, hint: string): UserError => new UserError([{ code: "input.missing", message, hint }]);

/** What an input holds as JSON. @throws UserError when it is none. */
function parsed(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw input(`${name} is not JSON`, "Pass the output of plan as it is: models: ${{ needs.plan.outputs.models }}");
  }
}

const isPlanned = (value: unknown): value is PlannedModel =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  "config" in value &&
  typeof value.name === "string" &&
  typeof value.config === "string";

/** The models that were planned. @throws UserError when they are not as `plan` gives them. */
function plannedOf({ models }: Request): PlannedModel[] {
  const hint = "Pass the output of plan: models: ${{ needs.plan.outputs.models }}";
  if (models === null) throw input("collect needs the models that plan planned", hint);
  const found = parsed("models", models);
  if (!Array.isArray(found) || !found.every(isPlanned)) throw input("models is not what plan gives", hint);
  return found.map(({ name, config }) => ({ name, config }));
}

/** Jobs that ended otherwise than with success, by GitHub's context `needs`. @throws UserError when it is not that. */
function unsuccessfulOf({ jobs }: Request): string[] {
  if (jobs === null) return [];
  const found = parsed("jobs", jobs);
  if (typeof found !== "object" || found === null || Array.isArray(found))
    throw input("jobs is not GitHub's context needs", "Write jobs: ${{ toJSON(needs) }}");
  return Object.entries(found as Record<string, { result?: unknown } | null>)
    .filter(([, job]) => job?.result !== "success")
    .map(([name, job]) => `${name} (${typeof job?.result === "string" ? job.result : "unknown"})`);
}

/** What a command of a release can leave. Promotion has a run of its own. */
const collectedCommands: readonly LegCommand[] = legCommands.filter(
  (name) => name !== "promote" && name !== "rollback",
);

/** What one model came to. What keeps its records from being read is its result, and not the others'. */
async function resultOf(
  shop: RepositoryWorkshop,
  model: PlannedModel,
  job: Job,
  signal: AbortSignal,
): Promise<CollectedModel> {
  const { config, problems } = await readModel(shop, model.config, model.config);
  if (problems) return failedModel(model, problems[0]!.message);
  if (config.model.name !== model.name)
    return failedModel(model, `${model.config} is about ${config.model.name} by now`);
  const handOver = await shop.handOver(config);
  if (!handOver)
    return failedModel(model, `${model.config} has no image.repository, so its jobs cannot hand anything over`);
  const records: Partial<Record<LegCommand, HandedOver>> = {};
  try {
    for (const command of collectedCommands) {
      const record = await handOver.find({ ...job, model: model.name, command }, signal);
      if (record) records[command] = record;
    }
  } catch (error) {
    if (error instanceof UserError) return failedModel(model, error.message);
    throw error;
  }
  return collectModel(model, records);
}

/** Makes one result of what each planned model came to in this run. It reads, and changes nothing. */
export async function collectCommand(
  shop: RepositoryWorkshop,
  request: Request,
  signal: AbortSignal,
): Promise<Outcome> {
  const { host, each } = shop;
  const { job } = host;
  if (!job) throw input("collect is about the jobs of a workflow run", "Run it in a job behind those of plan.");
  const planned = plannedOf(request);
  const unsuccessful = unsuccessfulOf(request);
  const models = await host.step("collect", () => each(planned, (model) => resultOf(shop, model, job, signal)));
  const collected = collect(models, unsuccessful);
  return {
    ...emptyOutcome,
    command: "collect",
    verdict: collected.verdict,
    headline: collected.headline,
    planned,
    collected,
    sections: collectedSections(collected),
  };
}
