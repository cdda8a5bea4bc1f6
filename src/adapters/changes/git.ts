import { readlink } from "node:fs/promises";
import { join } from "node:path";
import type { History } from "../../domain/comparison.ts";
import { UserError } from "../../domain/problem.ts";
import type { Changes, Repository } from "../../ports/changes.ts";
import { inParallel } from "../system/parallel.ts";
import { commitOf, type Git, gitIn } from "./git/run.ts";

/** How many links are read at once. */
const readers = 32;
const linkMode = "120000";

/** Git's own failure, in its own words. */
const failed = (what: string, stderr: string): UserError =>
  new UserError([
    {
      code: "plan.no-repository",
      message: `git cannot ${what}: ${stderr.trim().split("\n")[0] || "it said nothing"}`,
      hint: stderr.includes("dubious ownership")
        ? "The folder belongs to another user than the job's: git config --global --add safe.directory with its path."
        : "Run modelgate in a checked out repository: actions/checkout without path:, or your clone.",
    },
  ]);

/** A list whose items end in NUL: only so are all names of files what they are. */
const items = (list: string): string[] => list.split("\0").filter((item) => item !== "");

/** The answer of a call that must not fail. @throws UserError */
async function answered(git: Git, what: string, words: readonly string[], signal: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr } = await git(words, signal);
  if (exitCode !== 0) throw failed(what, stderr);
  return stdout;
}

const list = ["ls-files", "-z", "--full-name"];
const untrackedOnly = ["--others", "--exclude-standard"];

async function repositoryOf(git: Git, untracked: boolean, signal: AbortSignal): Promise<Repository> {
  const where = await answered(
    git,
    "find a repository here",
    ["rev-parse", "--show-toplevel", "--show-prefix"],
    signal,
  );
  const [root = "", prefix = ""] = where.split("\n");
  // From the root: ls-files shows what lies below where it runs. Items are mode, object and stage, a tab, the path.
  const at = (words: readonly string[]) => answered(git, "list the files", ["-C", root, ...list, ...words], signal);
  const staged = items(await at(["--stage"])).map((item) => ({
    mode: item.slice(0, linkMode.length),
    path: item.slice(item.indexOf("\t") + 1),
  }));
  const more = untracked ? items(await at(untrackedOnly)) : [];
  const links = staged.filter(({ mode }) => mode === linkMode).map(({ path }) => path);
  const targets = await inParallel(links, readers, (path) => readlink(join(root, path)).catch(() => null));
  return {
    root,
    prefix: prefix.replace(/\/$/, ""),
    files: [...staged.map(({ path }) => path), ...more],
    links: new Map(links.flatMap((path, index) => (targets[index] == null ? [] : [[path, targets[index]] as const]))),
  };
}

/** What git knows of the repository that a folder lies in. */
export function gitChanges(folder: string, env: Readonly<Record<string, string>>): Changes {
  const git = gitIn(folder, env);
  return {
    kind: "git",
    repository: ({ untracked }, signal) => repositoryOf(git, untracked, signal),
    async find(pattern, { untracked }, signal) {
      const words = [...list, "--cached", ...(untracked ? untrackedOnly : []), "--", `:(glob)${pattern}`];
      return items(await answered(git, `look for ${pattern}`, words, signal));
    },
    async history(base, head, signal): Promise<History> {
      const [from, to, shallow] = [
        await commitOf(git, base, signal),
        await commitOf(git, head ?? "HEAD", signal),
        await answered(git, "tell whether the clone is shallow", ["rev-parse", "--is-shallow-repository"], signal),
      ];
      const fork = from && to ? await git(["merge-base", from, to], signal) : null;
      return {
        base: from,
        head: to,
        fork: fork?.exitCode === 0 ? fork.stdout.trim() : null,
        isShallow: shallow.trim() === "true",
      };
    },
    async between(from, to, signal) {
      const what = `tell what changed since ${from}`;
      // .gitmodules could keep a submodule that moved out of sight.
      const how = ["-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none"];
      if (to !== null) return items(await answered(git, what, ["diff-tree", ...how, from, to], signal));
      const changed = await answered(git, what, ["diff-index", ...how, from], signal);
      const root = (await answered(git, what, ["rev-parse", "--show-toplevel"], signal)).trimEnd();
      return [...items(changed), ...items(await answered(git, what, ["-C", root, ...list, ...untrackedOnly], signal))];
    },
  };
}
