import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { given, root, runAct } from "./act/command.ts";
import { readRun, type WorkflowRun } from "./act/log.ts";
import { Preparation, rig } from "./act/prepare.ts";
import { identify, knowCommits, type RunStart } from "./act/run.ts";
import {
  callsOf,
  type Denied,
  type GitHub,
  type LoggedCall,
  type Permissions,
  type Violation,
} from "./github/index.ts";

export interface KitOptions extends RunStart {
  secrets?: Readonly<Record<string, string>>;
  variables?: Readonly<Record<string, string>>;
  /** Added to the environment of every step, as a self-hosted runner's would be. */
  environment?: Readonly<Record<string, string>>;
  /** owner/repository of the kit; default modelgate/modelgate. */
  kit?: string;
  /** Folder of the kit; default action.yml, .github and dist (or what MODELGATE_DIST names) of this checkout. */
  kitFolder?: string;
  /** Changes the workflows of the kit before they run: for tests that take something away. */
  edit?: (file: string, text: string) => string;
}

export interface KitRun extends WorkflowRun {
  /** What act cannot read or do, and was removed or is done by the rig: never more than is listed here. */
  lowered: string[];
  /** `release.yml stage` → what the job's token could do. */
  permissions: Record<string, Permissions>;
  run: { id: number; attempt: number };
  /** Requests of this run alone, and what was wrong with any of them. */
  traffic: readonly LoggedCall[];
  /** Calls of the REST API, `POST /repos/…/deployments 201`, in order. */
  calls: string[];
  violations: readonly Violation[];
  denied: readonly Denied[];
  refused: readonly string[];
}

/** Copies the kit to where it may be changed. */
function copyKit({ kitFolder, edit }: KitOptions, to: string): void {
  if (kitFolder) cpSync(kitFolder, to, { recursive: true });
  else {
    for (const part of ["action.yml", ".github"]) cpSync(join(root, part), join(to, part), { recursive: true });
    cpSync(process.env["MODELGATE_DIST"] ?? join(root, "dist"), join(to, "dist"), { recursive: true });
  }
  if (!edit) return;
  const folder = join(to, ".github/workflows");
  for (const file of readdirSync(folder))
    writeFileSync(join(folder, file), edit(file, readFileSync(join(folder, file), "utf8")));
}

/** What reaches a fake from now on. @returns a function that says it. */
function watch({
  log,
  violations,
  denied,
  refused,
}: GitHub): () => Pick<KitRun, "traffic" | "calls" | "violations" | "denied" | "refused"> {
  const [logged, violated, lacked, asked] = [log.length, violations.length, denied.length, refused.length];
  return () => ({
    traffic: log.slice(logged),
    calls: callsOf(log.slice(logged)),
    violations: violations.slice(violated),
    denied: denied.slice(lacked),
    refused: refused.slice(asked),
  });
}

/**
 * Runs one workflow of a consumer repository with the kit of this checkout, beside a fake GitHub. Every job has its own token
 * with the permissions GitHub would give it, and identity tokens only with `id-token: write`.
 * @throws Error where GitHub refuses to start the run: a called job asks for more than its caller grants.
 */
export async function runKit(options: KitOptions): Promise<KitRun> {
  const { consumer, workflow, github, kit = "modelgate/modelgate" } = options;
  const folder = mkdtempSync(join(tmpdir(), "modelgate-kit-"));
  try {
    const kitFolder = join(folder, "kit");
    copyKit(options, kitFolder);
    const identity = identify(options);
    const preparation = new Preparation({ github, identity, source: consumer.folder, kit, kitFolder });
    const text = readFileSync(join(consumer.folder, ".github/workflows", workflow), "utf8");
    const [lowered, event] = [join(folder, "workflows", workflow), join(folder, "event.json")];
    mkdirSync(join(folder, "workflows"));
    writeFileSync(lowered, preparation.prepare(workflow, text));
    writeFileSync(event, JSON.stringify(identity.payload));
    knowCommits(options);
    github.startRun(preparation.jobs);
    const seen = watch(github);
    const words = [
      ...[options.event, "-W", lowered, "-e", event, "--actor", identity.actor, "--concurrent-jobs", "2"],
      ...["--local-repository", `${rig}=${join(import.meta.dirname, "runner")}`],
      ...[...preparation.commits].flatMap((commit) => ["--local-repository", `${kit}@${commit}=${kitFolder}`]),
      ...given("--env", { ...github.environment, ...identity.environment, ...options.environment }),
      ...given("--var", options.variables ?? {}),
      // What no job has: where it turns up, the rig has missed a place.
      ...given("-s", { GITHUB_TOKEN: "ghs_of_no_job", ...(identity.isFork ? {} : options.secrets) }),
    ];
    const { exitCode, log } = await runAct(words, { repository: consumer.folder, folder });
    const { jobs } = preparation;
    const permissions = Object.fromEntries(jobs.map((job) => [`${job.workflow} ${job.job}`, job.permissions]));
    return {
      ...readRun(exitCode, log),
      lowered: [...new Set(preparation.lowered)],
      permissions,
      run: identity.run,
      ...seen(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
