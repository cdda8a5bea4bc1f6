/** An annotation a step made. */
export interface Annotation {
  job: string;
  level: string;
  message: string;
  file?: string;
  line?: string;
  title?: string;
}

/** A step that ran. */
export interface Step {
  /** Its id, or the number of its place. */
  id: string;
  name: string;
  result: string;
}

/** What a run of a workflow in the real `act` (host mode, no containers) came to. */
export interface WorkflowRun {
  exitCode: number;
  /** Name of the job, of a called workflow's without the caller's → success or failure. A skipped job is not there. */
  jobs: Record<string, string>;
  /** Step id → output name → value, of all jobs together. */
  outputs: Record<string, Record<string, string>>;
  /** Job → step id → output name → value. */
  jobOutputs: Record<string, Record<string, Record<string, string>>>;
  /** Job → the steps that ran, in order. */
  steps: Record<string, Step[]>;
  annotations: Annotation[];
  summaries: string[];
  /** Job → what its steps printed. */
  printed: Record<string, string>;
  log: string;
}

interface Line {
  job?: string;
  jobID?: string;
  matrix?: Record<string, unknown> | null;
  jobResult?: string;
  command?: string;
  arg?: string;
  name?: string;
  stepID?: string[];
  step?: string;
  stage?: string;
  stepResult?: string;
  kvPairs?: Record<string, string>;
  content?: string;
  msg?: string;
  raw_output?: boolean;
}

/** Steps the rig adds begin so; they are no part of what the workflow came to. */
export const rigStep = "rig-";

/** act says `workflow/job`, and of a called workflow `calling job/workflow/job`: the last is what GitHub shows. */
function jobName(text: string): string {
  const parts = text.trim().split("/");
  return parts.slice(parts.length > 2 ? 2 : 1).join("/");
}

const parsed = (text: string): Line[] => {
  try {
    return [JSON.parse(text) as Line];
  } catch {
    return [];
  }
};

/** A job of a matrix with several legs, which act treats as one in two ways that GitHub does not. */
interface Legs {
  /** `Stage digits-1` → `Stage digits`: act numbers them. */
  nameOf(line: Line): string;
  /** act calls every leg failed when one is: what a leg came to is told by its own steps. */
  resultOf(line: Line): string;
}

function readLegs(lines: readonly Line[]): Legs {
  const legs = new Map<string, Set<string>>();
  const failed = new Set<string>();
  const keyOf = ({ jobID, job }: Line): string => `${job?.split("/")[0]}/${jobID}`;
  for (const line of lines) {
    if (!line.job) continue;
    if (line.stepResult === "failure") failed.add(line.job);
    if (Object.keys(line.matrix ?? {}).length > 0)
      legs.set(keyOf(line), (legs.get(keyOf(line)) ?? new Set()).add(line.job.trim()));
  }
  const isLeg = (line: Line): boolean => (legs.get(keyOf(line))?.size ?? 0) > 1;
  return {
    nameOf: (line) => (isLeg(line) ? jobName(line.job!).replace(/-\d+$/, "") : jobName(line.job ?? "")),
    resultOf: (line) => (isLeg(line) && !failed.has(line.job!) ? "success" : line.jobResult!),
  };
}

function take(run: WorkflowRun, legs: Legs, line: Line): void {
  const step = line.stepID?.[0];
  if (step?.startsWith(rigStep)) return;
  const job = legs.nameOf(line);
  if (line.job && line.jobResult) run.jobs[job] = legs.resultOf(line);
  if (line.stage === "Main" && line.stepResult && step)
    (run.steps[job] ??= []).push({ id: step, name: line.step ?? step, result: line.stepResult });
  if (line.raw_output) run.printed[job] = `${run.printed[job] ?? ""}${line.msg ?? ""}`;
  if (line.command === "error" || line.command === "warning" || line.command === "notice")
    run.annotations.push({ job, level: line.command, message: line.arg ?? "", ...line.kvPairs });
  if (line.command === "summary") run.summaries.push(line.content ?? line.msg ?? "");
  const name = line.name ?? line.kvPairs?.["name"];
  if (line.command === "set-output" && step && name) {
    (run.outputs[step] ??= {})[name] = line.arg ?? "";
    ((run.jobOutputs[job] ??= {})[step] ??= {})[name] = line.arg ?? "";
  }
}

/** Reads what act wrote, a JSON object a line; lines of another kind are in `log` only. */
export function readRun(exitCode: number, log: string): WorkflowRun {
  const run: WorkflowRun = {
    ...{ exitCode, jobs: {}, outputs: {}, jobOutputs: {}, steps: {}, annotations: [], summaries: [], printed: {}, log },
  };
  const lines = log.split("\n").flatMap(parsed);
  const legs = readLegs(lines);
  for (const line of lines) take(run, legs, line);
  return run;
}
