import { type Document, isMap, isScalar, isSeq, type Pair, visit, type YAMLMap, YAMLSeq } from "yaml";
import { rigStep } from "./log.ts";

/** What a job is given while its workflow is lowered. */
export interface Lowering {
  /** File of the workflow, for the list. */
  file: string;
  /** `owner/repository@commit` that `$/` means. */
  self: string;
  /** `owner/repository@commit` of the rig's own actions. */
  rig: string;
  /** Folder of the git repository to check out. */
  source: string;
}

export interface LoweredJob {
  token: string;
  /** Added to the job's environment. */
  environment: Readonly<Record<string, string>>;
  /** Names of the inputs of an action whose default is the job's token. */
  tokenInputs(action: string): readonly string[];
}

type Node = YAMLMap;

const mapAt = (map: Node, key: string): Node | null => {
  const value = map.get(key, true);
  return isMap(value) ? (value as Node) : null;
};

/** Removes a key. @returns whether it was there. */
function drop(map: Node | null, key: string): boolean {
  if (!map?.has(key)) return false;
  map.delete(key);
  return true;
}

/** The name a job stands under. */
export const idOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key);

const stepsOf = (job: Node): Node[] => {
  const steps = job.get("steps", true);
  return isSeq(steps) ? (steps.items as Node[]) : [];
};

const rigAction = (rig: string, name: string): string => rig.replace("@", `/${name}@`);

function setAll(document: Document, map: Node, key: string, values: Readonly<Record<string, string>>): void {
  if (!mapAt(map, key)) map.set(key, document.createNode({}));
  for (const [name, value] of Object.entries(values)) mapAt(map, key)!.set(name, value);
}

/** `$/…` is the workflow's own repository at its own commit; actions/checkout is done from the folder, by the job's token. */
function lowerSteps(document: Document, job: Node, lowering: Lowering, given: LoweredJob): string[] {
  const lowered: string[] = [];
  for (const step of stepsOf(job)) {
    const uses = step.get("uses");
    if (typeof uses !== "string") continue;
    if (uses.startsWith("actions/checkout@")) {
      step.set("uses", rigAction(lowering.rig, "checkout"));
      setAll(document, step, "with", { token: given.token, source: lowering.source });
      lowered.push("uses actions/checkout");
      continue;
    }
    if (uses.startsWith("$/")) {
      step.set("uses", lowering.self.replace("@", `${uses === "$/" ? "" : uses.slice(1)}@`));
      lowered.push(`uses ${uses}`);
    }
    const written = mapAt(step, "with");
    const missing = given.tokenInputs(String(step.get("uses"))).filter((name) => !written?.has(name));
    if (missing.length > 0)
      setAll(document, step, "with", Object.fromEntries(missing.map((name) => [name, given.token])));
  }
  return lowered;
}

/** GitHub makes a deployment for a job with an environment; act does not, so steps around the job's own do. */
function lowerEnvironment(document: Document, job: Node, rig: string, token: string): string[] {
  const environment = job.get("environment", true);
  if (environment === undefined || environment === null) return [];
  const map = isMap(environment) ? (environment as Node) : null;
  const name = String(map ? map.get("name") : (environment as { value?: unknown }).value);
  const deployment = map?.has("deployment") ? String(map.get("deployment")) : "true";
  const url = map?.has("url") ? String(map.get("url")) : "";
  const [id, uses] = [`${rigStep}environment`, rigAction(rig, "environment")];
  const start = { token, environment: name, deployment };
  const end = { token, made: `\${{ steps.${id}.outputs.deployment }}`, status: "${{ job.status }}", url };
  const steps = job.get("steps") as YAMLSeq;
  steps.items.unshift(document.createNode({ id, name: "Start the environment", uses, with: start }));
  steps.items.push(
    document.createNode({ id: `${id}-end`, if: "${{ always() }}", name: "End the environment", uses, with: end }),
  );
  return ["environment", ...(drop(map, "deployment") ? ["environment.deployment"] : [])];
}

/** A job's own token stands where the workflow says the job's token: act has one for all. */
function giveToken(job: Node, token: string): void {
  visit(job, {
    Scalar(_, node) {
      if (typeof node.value === "string")
        node.value = node.value.replaceAll(/\$\{\{\s*(github\.token|secrets\.GITHUB_TOKEN)\s*\}\}/g, token);
    },
  });
}

/** Changes a job that calls a workflow. @returns what act cannot read, and was removed. */
export const lowerCall = (pair: Pair, file: string): string[] =>
  drop(mapAt(pair.value as Node, "permissions"), "artifact-metadata")
    ? [`${file} jobs.${idOf(pair)} permissions.artifact-metadata`]
    : [];

/** Changes a job with steps. @returns what act cannot read or do, and was removed or done by the rig. */
export function lowerJob(document: Document, pair: Pair, lowering: Lowering, given: LoweredJob): string[] {
  const job = pair.value as Node;
  giveToken(job, given.token);
  const lowered = [
    ...(drop(mapAt(job, "permissions"), "artifact-metadata") ? ["permissions.artifact-metadata"] : []),
    ...(drop(mapAt(job, "concurrency"), "queue") ? ["concurrency.queue"] : []),
    ...(isSeq(job.get("steps", true))
      ? [...lowerSteps(document, job, lowering, given), ...lowerEnvironment(document, job, lowering.rig, given.token)]
      : []),
  ];
  if (Object.keys(given.environment).length > 0) setAll(document, job, "env", given.environment);
  return lowered.map((what) => `${lowering.file} jobs.${idOf(pair)} ${what}`);
}

/** Changes what is outside of jobs. @returns what act cannot read, and was removed. */
export function lowerTop(document: Document, file: string): string[] {
  const lowered: string[] = [];
  const top = document.contents as Node;
  const on = mapAt(top, "on");
  const schedules = on?.get("schedule", true);
  for (const schedule of isSeq(schedules) ? (schedules.items as Node[]) : [])
    if (drop(schedule, "timezone")) lowered.push("on.schedule.timezone");
  if (drop(mapAt(top, "permissions"), "artifact-metadata")) lowered.push("permissions.artifact-metadata");
  if (drop(mapAt(top, "concurrency"), "queue")) lowered.push("concurrency.queue");
  return lowered.map((what) => `${file} ${what}`);
}
