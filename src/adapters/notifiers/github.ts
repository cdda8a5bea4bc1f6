import type { GitHubRun } from "../../domain/github-run.ts";
import type { Outcome } from "../../domain/outcome.ts";
import {
  type CommitStatus,
  commitStatuses,
  contextOf,
  type Deployed,
  deployedBy,
  failedStatus,
  isRecorded,
  stateOf,
} from "../../domain/showing.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Host } from "../../ports/host.ts";
import type { Beginning, Failure, View } from "../../ports/view.ts";
import { createApi } from "./github/api.ts";
import { type Recorded, recordArtifact } from "./github/artifact-record.ts";
import { createAttempts } from "./github/attempts.ts";
import { keepComment } from "./github/comment.ts";
import { setCommitStatuses } from "./github/commit-status.ts";
import { say } from "./github/deployments.ts";
import { addToJobs, removeJobs } from "./github/jobs-deployments.ts";
import { beginOwn, endOwn, removeOwn } from "./github/own-deployments.ts";

/** What a configuration wants shown. */
export interface GitHubSettings {
  deploymentRecord: "auto" | "own" | "none";
  comment: boolean;
  /** Whether a model's verdict is shown at the commit. */
  commitStatus: (model: string) => boolean;
  artifactRecord: boolean;
}

/** What a view on GitHub is made of. */
export interface GitHubViewOptions {
  run: GitHubRun;
  token: string;
  settings: GitHubSettings;
  /** The model of the configuration; null for commands about the repository. */
  model: string | null;
  clock: Clock;
  host: Pick<Host, "note" | "warn">;
}

/** The longest that a deployment waits for its being announced, and a job for showing what it came to. */
const beginMilliseconds = 30_000;
const showMilliseconds = 60_000;
/** A runner that cancels gives little time. */
const failMilliseconds = 5000;

/** Deployments, commit statuses, a comment and artifact records on GitHub, for the run of a job. */
export function githubView(options: GitHubViewOptions): View {
  const { run, token, settings, model, clock, host } = options;
  const api = createApi({ apiUrl: run.apiUrl, repository: run.repository, token }, clock);
  const attempt = createAttempts(run, host);
  const marker = { key: model === null ? "release" : `model/${model}`, run: run.id };
  /** The deployment of our own that was begun last, with what it was to bring. */
  let begun: { id: number; what: string; digest: string } | null = null;

  const setStatuses = (lines: readonly CommitStatus[], signal: AbortSignal): Promise<void> =>
    attempt("commit status", () => setCommitStatuses(api, run, lines, signal), signal);

  async function comment(markdown: string, signal: AbortSignal): Promise<void> {
    const { pullRequest } = run;
    if (!settings.comment || pullRequest === null) return;
    await attempt("comment", () => keepComment(api, pullRequest.number, { marker, text: markdown }, signal), signal);
  }

  async function record(recorded: Recorded, signal: AbortSignal): Promise<void> {
    if (!settings.artifactRecord) return;
    const work = async (): Promise<void> => {
      const why = await recordArtifact(api, run, recorded, signal);
      if (why !== null) host.note(why);
    };
    await attempt("artifact record", work, signal);
  }

  async function showDeployed(deployed: Deployed, signal: AbortSignal): Promise<void> {
    const { verdict, headline: text, url } = deployed;
    if (settings.deploymentRecord === "own") {
      const ended = {
        subject: deployed,
        begun: begun?.digest === deployed.image.digest ? begun.id : null,
        state: stateOf(verdict),
        text,
        url,
      };
      await attempt("deployment", () => endOwn(api, run, ended, signal), signal);
      begun = null;
    }
    if (settings.deploymentRecord === "auto")
      await attempt("deployment", () => addToJobs(api, run, deployed, signal), signal);
    const { command, environment, model: name, image } = deployed;
    if (isRecorded(environment, command)) await record({ status: "deployed", environment, model: name, image }, signal);
  }

  async function showRemoved({ command, environment, previousImage }: Outcome, signal: AbortSignal): Promise<void> {
    if (environment === null || model === null) return;
    const remove = { own: removeOwn, auto: removeJobs, none: null }[settings.deploymentRecord];
    if (remove) await attempt("deployment", () => remove(api, run, { environment, model }, signal), signal);
    if (previousImage && isRecorded(environment, command))
      await record({ status: "decommissioned", environment, model, image: previousImage }, signal);
  }

  /** GitHub limits how many requests a repository's jobs may send in an hour. */
  const count = (): void => {
    if (api.requests > 0) host.note(`GitHub's API was sent ${api.requests} request${api.requests === 1 ? "" : "s"}`);
  };

  return {
    kind: "github",
    async begin(beginning, outer) {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(beginMilliseconds)]);
      const { command, concluding, release } = beginning;
      const name = release.model.name;
      if (concluding && settings.commitStatus(name))
        await setStatuses([{ context: contextOf(name), state: "pending", description: `${command} goes on` }], signal);
      if (settings.deploymentRecord !== "own") return;
      const start = async (): Promise<void> => {
        const id = await beginOwn(api, run, subjectOf(beginning), signal);
        if (id !== null) begun = { id, what: `${command} of ${name}`, digest: release.image.digest };
      };
      await attempt("deployment", start, signal);
    },
    async show({ outcome, markdown, concluding }, outer) {
      const signal = AbortSignal.any([outer, AbortSignal.timeout(showMilliseconds)]);
      const deployed = deployedBy(outcome);
      if (deployed) await showDeployed(deployed, signal);
      if (outcome.command === "remove") await showRemoved(outcome, signal);
      if (concluding) {
        const lines = commitStatuses(outcome).filter(({ context }) => wants(settings, context));
        await setStatuses(lines, signal);
        await comment(markdown, signal);
      }
      count();
    },
    async fail({ concluding, problems, markdown }: Failure) {
      const signal = AbortSignal.timeout(failMilliseconds);
      const why = problems[0]?.message ?? "modelgate failed";
      const unfinished = begun;
      if (unfinished) {
        const said = { state: "error", text: `${unfinished.what} failed: ${why}`, logUrl: run.url } as const;
        await attempt("deployment", () => say(api, unfinished.id, said, signal), signal);
      }
      if (concluding) {
        if (model !== null && settings.commitStatus(model)) await setStatuses([failedStatus(model, why)], signal);
        await comment(markdown, signal);
      }
      count();
    },
  };
}

const wants = ({ commitStatus }: GitHubSettings, context: string): boolean =>
  commitStatus(context.slice(contextOf("").length));

/** What promotes has a passing verdict, and what is rolled back to had one; the others are judged later. */
const subjectOf = ({ command, environment, release: { model, image } }: Beginning) => ({
  ...{ command, environment, image, model: model.name, modelDigest: model.digest },
  verdict: command === "promote" || command === "rollback" ? "pass" : null,
});
