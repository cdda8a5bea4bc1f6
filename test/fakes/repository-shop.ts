import { readFile } from "node:fs/promises";
import { gitChanges } from "../../src/adapters/changes/index.ts";
import { inParallel } from "../../src/adapters/system/parallel.ts";
import type { RepositoryWorkshop } from "../../src/commands/repository.ts";
import type { Problem } from "../../src/domain/problem.ts";
import type { Request } from "../../src/domain/request.ts";
import type { Job } from "../../src/domain/trigger.ts";
import type { HandOver } from "../../src/ports/hand-over.ts";
import { gitEnvironment } from "./git-repository.ts";
import { githubOrigin, terminalOrigin } from "./origin.ts";

/** A request about a repository, with nothing said but the command. */
export const askedOf = (command: "plan" | "collect", fields: Partial<Request> = {}): Request => ({
  command,
  config: "**/modelgate.yml",
  image: null,
  environment: null,
  reason: "",
  record: false,
  subject: null,
  verify: false,
  bundle: null,
  policy: null,
  since: null,
  shard: null,
  models: null,
  jobs: null,
  ...fields,
});

/** A workshop for commands about a repository in a folder: real git, and a host that remembers its warnings. */
export function repositoryShop(
  folder: string,
  { job = null, handOver = null }: { job?: Job | null; handOver?: HandOver | null } = {},
): RepositoryWorkshop & { readonly warnings: Problem[] } {
  const warnings: Problem[] = [];
  return {
    warnings,
    host: {
      source: job ? githubOrigin : terminalOrigin,
      job,
      approvalIssue: null,
      step: (_title, work) => work(),
      note: () => undefined,
      warn: (problem) => void warnings.push(problem),
    },
    changes: gitChanges(folder, gitEnvironment),
    handOver: async ({ image }) => (image.repository === null ? null : handOver),
    view: () => null,
    readText: (path) => readFile(path, "utf8").catch(() => null),
    each: (items, work) => inParallel(items, 16, work),
  };
}
