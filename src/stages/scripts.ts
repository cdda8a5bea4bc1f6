import { formatImage, type Image } from "../domain/image.ts";
import type { DeclaredMetric } from "../domain/outside/declared.ts";
import { isMissing, type Outside, type Reported, type ScoresAsked } from "../domain/outside/measured.ts";
import { missingAll, readScriptOutput } from "../domain/outside/script-output.ts";
import type { Problem } from "../domain/problem.ts";
import type { Endpoint } from "../domain/release.ts";
import type { ScriptRunner } from "../ports/script-runner.ts";

/** A script of the user's own. */
export interface Script {
  run: readonly string[];
  metrics: Readonly<Record<string, DeclaredMetric>>;
  env: readonly string[];
  timeoutMilliseconds: number;
}

/** What a script measures. */
export interface ScriptSubject {
  image: Image;
  endpoint: Endpoint;
  /** The name the endpoint serves it under. */
  model: string;
}

export interface ScriptsOptions {
  scripts: Readonly<Record<string, Script>>;
  candidate: ScriptSubject;
  /** Null: there is none that answers. */
  champion: ScriptSubject | null;
  /** Whether something compares a metric of this name with the champion: only then the champion is measured, too. */
  compared: (metric: string) => boolean;
  /** Absolute path of the labelled data. */
  data: string;
  asked: ScoresAsked;
  runner: ScriptRunner;
  /** Told what a script did wrong; what depends on it is an error of the verdict. */
  warn: (problem: Problem) => void;
  note: (text: string) => void;
  signal: AbortSignal;
}

type Role = "candidate" | "champion";

/** What a script is told. */
const toldTo = (role: Role, { image, endpoint, model }: ScriptSubject, { data, asked }: ScriptsOptions) => ({
  MODELGATE_SUBJECT: role,
  MODELGATE_ENDPOINT_URL: endpoint.url,
  MODELGATE_PROTOCOL: endpoint.protocol,
  MODELGATE_MODEL: model,
  MODELGATE_IMAGE: formatImage(image),
  MODELGATE_DATA: data,
  MODELGATE_ROWS: String(asked.rows),
});

const problem = (name: string, message: string, hint: string): Problem => ({
  code: "evaluate.command",
  message,
  hint,
  at: { file: "modelgate.yml", key: `evaluate.commands.${name}` },
});

/** Runs one script about one model. A script that fails makes every metric of it missing. */
async function runScript(
  name: string,
  role: Role,
  subject: ScriptSubject,
  options: ScriptsOptions,
): Promise<Record<string, Reported>> {
  const { scripts, asked, runner, warn, note, signal } = options;
  const { run: words, metrics, env: passed, timeoutMilliseconds: milliseconds } = scripts[name]!;
  note(`running ${name} on the ${role}`);
  const { output, failure, log } = await runner.run(
    { words, told: toldTo(role, subject, options), passed, milliseconds },
    signal,
  );
  if (output === null) {
    const message = `${words.join(" ")} ${failure} (${name}, on the ${role})`;
    warn(
      problem(
        name,
        log ? `${message}; it said: ${log}` : message,
        "Gates on its metrics are errors in this run. Run it by hand with the variables of docs/outside.md.",
      ),
    );
    return missingAll(metrics, `${words.join(" ")} ${failure}`);
  }
  const { metrics: found, extra } = readScriptOutput(output, metrics, asked);
  if (extra.length > 0)
    warn(
      problem(
        name,
        `${name} printed what is not declared: ${extra.join(", ")}`,
        `Declare it under evaluate.commands.${name}.metrics to gate on it, or do not print it.`,
      ),
    );
  for (const [metric, reported] of Object.entries(found))
    if (isMissing(reported))
      warn(
        problem(
          name,
          `${name}.${metric} of the ${role} is not measured: ${reported.missing}`,
          "Gates on it are errors in this run.",
        ),
      );
  return found;
}

/** Runs the scripts one after the other, so that none slows another down, and gives what they measured. */
export async function runScripts(options: ScriptsOptions): Promise<Outside> {
  const measured: Record<string, Outside[string]> = {};
  for (const [name, { metrics }] of Object.entries(options.scripts)) {
    const candidate = await runScript(name, "candidate", options.candidate, options);
    const wanted = Object.keys(metrics).some((metric) => options.compared(`${name}.${metric}`));
    const champion = wanted && options.champion ? await runScript(name, "champion", options.champion, options) : null;
    for (const [metric, declared] of Object.entries(metrics))
      measured[`${name}.${metric}`] = {
        ...declared,
        candidate: candidate[metric]!,
        champion: champion?.[metric] ?? null,
      };
  }
  return measured;
}
