import { type GitHubViewOptions, githubView } from "../../../src/adapters/notifiers/github.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import type { GitHubRun } from "../../../src/domain/github-run.ts";
import { emptyOutcome, type Outcome } from "../../../src/domain/outcome.ts";
import type { Problem } from "../../../src/domain/problem.ts";
import type { Release } from "../../../src/domain/release.ts";
import type { CommandName } from "../../../src/domain/request.ts";
import type { Shown } from "../../../src/ports/view.ts";
import type { FakeGitHub } from "../../fakes/github.ts";
import { releaseOf } from "../../fakes/release.ts";

export const { signal } = new AbortController();
export const commit = "c".repeat(40);

/** The run of a job in the fake's repository. */
export const runAt = ({ apiUrl, state }: FakeGitHub, fields: Partial<GitHubRun> = {}): GitHubRun => {
  const id = fields.id ?? "42";
  return {
    apiUrl,
    serverUrl: "https://github.com",
    repository: state.repository,
    owner: "organization",
    visibility: "private",
    commit,
    id,
    url: `https://github.com/${state.repository}/actions/runs/${id}`,
    pullRequest: { number: 7, fork: false },
    ...fields,
  };
};

type Fields = Omit<Partial<GitHubViewOptions>, "settings" | "run"> & {
  settings?: Partial<GitHubViewOptions["settings"]>;
  run?: Partial<GitHubRun>;
};

/** A view of the fake, what it warned of and what it noted. By default only what a test names is shown. */
export function viewOf(github: FakeGitHub & { token: string }, { settings, run, ...fields }: Fields = {}) {
  const [warnings, notes] = [[] as Problem[], [] as string[]];
  const view = githubView({
    run: runAt(github, run),
    token: github.token,
    settings: {
      ...{ deploymentRecord: "none", comment: false, commitStatus: () => false, artifactRecord: false },
      ...settings,
    },
    model: "digits",
    clock: systemClock,
    host: { note: (text) => void notes.push(text), warn: (problem) => void warnings.push(problem) },
    ...fields,
  });
  return { view, warnings, notes };
}

/** What a command came to. */
export function shown(
  command: CommandName,
  release: Release | null = releaseOf("a"),
  fields: Partial<Outcome> = {},
): Shown {
  const deploys = ["deploy", "run", "promote", "rollback"].includes(command);
  const outcome: Outcome = {
    ...emptyOutcome,
    command,
    verdict: command === "deploy" ? "none" : "pass",
    headline: `${command} is done`,
    model: release?.model ?? null,
    image: release?.image ?? null,
    ...(deploys && { environment: command === "run" || command === "deploy" ? "staging" : "production" }),
    ...(deploys && { url: "http://127.0.0.1:8080" }),
    ...fields,
  };
  return {
    command,
    concluding: ["run", "gate", "collect"].includes(command),
    outcome,
    markdown: `# ${outcome.headline}`,
  };
}
