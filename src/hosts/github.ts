import { readFileSync } from "node:fs";
import * as core from "@actions/core";
import type { GitHubRun } from "../domain/github-run.ts";
import type { Outcome } from "../domain/outcome.ts";
import { UserError } from "../domain/problem.ts";
import { commands, isCommand, type Request, usualConfig } from "../domain/request.ts";
import { failureSummary, summary } from "../reports/summary.ts";
import { terminalReport } from "../reports/terminal.ts";
import { annotationOf, createShelf } from "./github-annotations.ts";
import { jobOf } from "./github-job.ts";
import { log } from "./github-log.ts";
import { runOf } from "./github-run.ts";
import { exitCodeOf, outputsOf, type Shell, sortFailure } from "./shell.ts";

/** Reads the Action's inputs, the only place that does. @throws UserError when `command` is not one of ours. */
export function readInputs(): Request {
  const command = core.getInput("command");
  if (!isCommand(command))
    throw new UserError([
      {
        code: "input.unknown-command",
        message:
          command === ""
            ? "the input `command` is missing"
            : `the input \`command\` is "${command}", which is no command`,
        hint: `Write with: command: one of ${Object.keys(commands).join(", ")}.`,
      },
    ]);
  return {
    command,
    config: core.getInput("config") || usualConfig(command),
    image: core.getInput("image") || null,
    environment: core.getInput("environment") || null,
    reason: core.getInput("reason"),
    record: false,
    subject: null,
    verify: false,
    bundle: core.getInput("bundle") || null,
    policy: null,
    shard: core.getInput("shard") || null,
    since: null,
    models: core.getInput("models") || null,
    jobs: core.getInput("jobs") || null,
  };
}

/** The token input, masked before anything else can print it; used for ghcr.io when nobody is logged in there. */
export function readToken(): { actor: string; secret: string } | null {
  const secret = core.getInput("token");
  if (secret === "") return null;
  core.setSecret(secret);
  return { actor: process.env["GITHUB_ACTOR"] ?? "github-actions", secret };
}

/** Outputs go first: they must be there also when the summary cannot be written. */
async function publish(outputs: Record<string, string>, markdown: string): Promise<void> {
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
  if (process.env["GITHUB_STEP_SUMMARY"]) await core.summary.addRaw(markdown, true).write();
}

/** The commit the run is about: of a pull request its head, not the merge the runner made. */
function commit(): string | null {
  const path = process.env["GITHUB_EVENT_PATH"];
  const fallback = process.env["GITHUB_SHA"] ?? null;
  if (!path || process.env["GITHUB_EVENT_NAME"] !== "pull_request") return fallback;
  const event = JSON.parse(readFileSync(path, "utf8")) as { pull_request?: { head?: { sha?: unknown } } };
  const head = event.pull_request?.head?.sha;
  return typeof head === "string" ? head : fallback;
}

/** The run of this job; null when the runner does not say. */
export const readRun = (): GitHubRun | null => runOf(process.env, commit());

/** The issue whose comment started the run. What the comment says is read again from the API, never from the event. */
function approvalIssue(): number | null {
  const path = process.env["GITHUB_EVENT_PATH"];
  if (!path || process.env["GITHUB_EVENT_NAME"] !== "issue_comment") return null;
  const { issue } = JSON.parse(readFileSync(path, "utf8")) as { issue?: { number?: unknown } };
  return typeof issue?.number === "number" && Number.isSafeInteger(issue.number) ? issue.number : null;
}

/** The ref that holds the commit; of a pull request the merge's ref does not. */
const ref = (): string | null =>
  process.env["GITHUB_EVENT_NAME"] === "pull_request" ? null : process.env["GITHUB_REF"] || null;

/** The address of something that GitHub names by its path. */
const onServer = (path: string | undefined): string | null => {
  const server = process.env["GITHUB_SERVER_URL"];
  return server && path ? `${server}/${path}` : null;
};

function runUrl(): string | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = process.env;
  return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : null;
}

/** The host of a GitHub job: log groups, annotations at their places, the summary, outputs always set. */
export function githubShell(options: { version: string }): Shell {
  const warnings = createShelf("warning");
  // What fails is in the log anyway.
  const errors = createShelf("error", () => undefined);
  return {
    source: {
      commit: commit(),
      run: runUrl(),
      actor: process.env["GITHUB_ACTOR"] ?? "unknown",
      repository: onServer(process.env["GITHUB_REPOSITORY"]),
      ref: ref(),
      workflow: onServer(process.env["GITHUB_WORKFLOW_REF"]),
    },
    job: jobOf(process.env),
    approvalIssue: approvalIssue(),
    step: (title, work) => core.group(title, work),
    note: (text, share) => {
      if (share === undefined) log(text);
    },
    warn: (problem) => warnings.add(annotationOf(problem)),
    async finish(outcome: Outcome) {
      log(terminalReport(outcome));
      await publish(outputsOf(outcome), summary(outcome));
      const exitCode = exitCodeOf(outcome);
      if (exitCode !== 0)
        errors.add({ message: outcome.headline, properties: { title: `modelgate: ${outcome.verdict}` } });
      warnings.close();
      process.exitCode = exitCode;
    },
    async fail(error) {
      const failure = sortFailure(error, options.version);
      for (const { code, message, hint } of failure.problems) log(`${code}: ${message} ${hint}`);
      for (const line of failure.context) log(line);
      for (const problem of failure.problems) errors.add(annotationOf(problem));
      if (failure.problems.length === 0)
        errors.add({ message: failure.context[0] ?? "modelgate failed", properties: {} });
      errors.close();
      warnings.close();
      await publish(outputsOf(null), failureSummary(failure.problems, failure.context));
      process.exitCode = failure.exitCode;
    },
  };
}
