import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { given, root, runAct } from "./act/command.ts";
import { readRun, type WorkflowRun } from "./act/log.ts";

/** Copies a consumer repository into a fresh git repository with one commit. */
export function consumerRepository(from: string): string {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-consumer-"));
  cpSync(from, folder, { recursive: true, filter: (path) => !path.endsWith(".modelgate") });
  const git = (...words: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@t.invalid", ...words], {
      stdio: "pipe",
    });
  git("init", "-q", "-b", "main");
  git("remote", "add", "origin", "https://github.com/acme/digits.git");
  git("add", "-A");
  git("commit", "-qm", "first");
  return folder;
}

/**
 * Runs one workflow of a consumer repository. The Action is this checkout, whatever commit the workflow pins; the
 * environment is clean, and act's own servers stay off. There is no GitHub: kit.ts runs called workflows beside the fake.
 */
export async function runWorkflow(options: {
  consumer: string;
  workflow: string;
  event: string;
  payload?: object;
  pinned: string;
  environment?: Record<string, string>;
}): Promise<WorkflowRun> {
  const folder = mkdtempSync(join(tmpdir(), "modelgate-act-"));
  const event = join(folder, "event.json");
  writeFileSync(
    event,
    JSON.stringify({
      repository: { name: "digits", full_name: "acme/digits", owner: { login: "acme" }, default_branch: "main" },
      ...options.payload,
    }),
  );
  const action = join(folder, "action");
  for (const part of ["action.yml", "dist"]) cpSync(join(root, part), join(action, part), { recursive: true });
  const words = [
    ...[options.event, "-W", `.github/workflows/${options.workflow}`, "-e", event],
    ...["--local-repository", `${options.pinned}=${action}`, "-s", "GITHUB_TOKEN=ghs_test"],
    ...given("--env", options.environment ?? {}),
  ];
  const { exitCode, log } = await runAct(words, { repository: options.consumer, folder });
  return readRun(exitCode, log);
}
