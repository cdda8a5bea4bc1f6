import { afterEach, beforeEach, expect, test } from "vitest";
import { gitBranch } from "../../../src/adapters/changes/index.ts";
import type { ProtectedBranch } from "../../../src/ports/protected-branch.ts";
import { type GitRepository, gitEnvironment, gitRepository } from "../../fakes/git-repository.ts";

const { signal } = new AbortController();
let repository: GitRepository;
let branch: ProtectedBranch;
beforeEach(() => {
  repository = gitRepository();
  repository.commit({ "a/modelgate.yml": "one", "a/rows.csv": "1\n2\n" });
  branch = gitBranch(`${repository.folder}/a`, gitEnvironment);
});
afterEach(() => repository.remove());

test("what the remote has of the branch goes before what is here", async () => {
  const first = repository.git("rev-parse", "HEAD");
  expect(await branch.commit("main", signal)).toBe(first);
  const second = repository.commit({ "a/modelgate.yml": "two" });
  repository.git("update-ref", "refs/remotes/origin/main", first);
  expect(await branch.commit("main", signal)).toBe(first);
  expect(await branch.text(first, "modelgate.yml", signal)).toBe("one");
  expect(await branch.text(second, "modelgate.yml", signal)).toBe("two");
});

test("a branch, a file or a repository that is not there is none", async () => {
  const head = repository.git("rev-parse", "HEAD");
  expect(await branch.commit("release", signal)).toBeNull();
  expect(await branch.commit("--all", signal)).toBeNull();
  expect(await branch.text(head, "other.yml", signal)).toBeNull();
  expect(await gitBranch("/", gitEnvironment).commit("main", signal)).toBeNull();
});

test("a file is the same until it is changed here, also when that is not committed", async () => {
  const head = repository.git("rev-parse", "HEAD");
  expect(await branch.isSame(head, "rows.csv", signal)).toBe(true);
  repository.write({ "a/rows.csv": "1\n" });
  expect(await branch.isSame(head, "rows.csv", signal)).toBe(false);
});
