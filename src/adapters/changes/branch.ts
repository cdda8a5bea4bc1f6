import type { ProtectedBranch } from "../../ports/protected-branch.ts";
import { commitOf, gitIn } from "./git/run.ts";

/** The protected branch as a clone knows it. Paths are relative to the folder, or absolute within the repository. */
export function gitBranch(folder: string, env: Readonly<Record<string, string>>): ProtectedBranch {
  const git = gitIn(folder, env);
  return {
    async commit(branch, signal) {
      for (const ref of [`refs/remotes/origin/${branch}`, `refs/heads/${branch}`]) {
        const commit = await commitOf(git, ref, signal).catch(() => null);
        if (commit !== null) return commit;
      }
      return null;
    },
    async text(commit, path, signal) {
      const { exitCode, stdout } = await git(["show", `${commit}:./${path}`], signal);
      return exitCode === 0 ? stdout : null;
    },
    async isSame(commit, path, signal) {
      const { exitCode } = await git(["diff", "--quiet", "--no-ext-diff", commit, "--", path], signal);
      return exitCode === 0;
    },
  };
}
