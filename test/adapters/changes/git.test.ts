import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { gitChanges } from "../../../src/adapters/changes/index.ts";
import {
  cloneOf,
  emptyFolder,
  type GitRepository,
  gitEnvironment,
  gitRepository,
  repositoryIn,
} from "../../fakes/git-repository.ts";

const { signal } = new AbortController();
const versioned = { untracked: false };

function kept(repository: GitRepository): GitRepository {
  onTestFinished(() => repository.remove());
  return repository;
}

const changesOf = ({ folder }: GitRepository, inside = "") => gitChanges(join(folder, inside), gitEnvironment);

describe("what changed between two commits", () => {
  test("is every path that is not the same: added, changed, removed, moved with both names, of another mode", async () => {
    const repository = kept(gitRepository());
    const before = repository.commit({
      a: "1",
      "sub/b": "1",
      gone: "1",
      old: "a long text that moves",
      "run.sh": "1",
      same: "1",
    });
    repository.git("mv", "old", "new");
    repository.git("rm", "--quiet", "gone");
    chmodSync(join(repository.folder, "run.sh"), 0o755);
    const after = repository.commit({ a: "2", "sub/b": "2", added: "1" });
    const paths = ["a", "added", "gone", "new", "old", "run.sh", "sub/b"];
    expect((await changesOf(repository).between(before, after, signal)).toSorted()).toEqual(paths);
    expect(await changesOf(repository).between(after, after, signal)).toEqual([]);
  });

  test("has names as they are: with spaces, quotes, other alphabets, and lines", async () => {
    const repository = kept(gitRepository());
    const before = repository.commit({ a: "1" });
    const names = ['a b "c".csv', "Größe/日本.csv", "two\nlines.csv", "-dash", ":(glob)x"].toSorted();
    const after = repository.commit(Object.fromEntries(names.map((name) => [name, "1"])));
    expect((await changesOf(repository).between(before, after, signal)).toSorted()).toEqual(names);
  });

  test("has a submodule that moved, also when its configuration says to ignore it", async () => {
    const repository = kept(gitRepository());
    const other = kept(gitRepository());
    const [first, second] = [other.commit({ "m.onnx": "1" }), other.commit({ "m.onnx": "2" })];
    repository.write({ ".gitmodules": '[submodule "m"]\n  path = m\n  url = ./m\n  ignore = all\n' });
    repository.git("update-index", "--add", "--cacheinfo", `160000,${first},m`);
    repository.git("add", ".gitmodules");
    repository.git("commit", "--quiet", "-m", "one");
    const before = repository.git("rev-parse", "HEAD");
    repository.git("update-index", "--cacheinfo", `160000,${second},m`);
    repository.git("commit", "--quiet", "-m", "two");
    expect(await changesOf(repository).between(before, "HEAD", signal)).toEqual(["m"]);
  });

  test("is told from a folder below as from the root", async () => {
    const repository = kept(gitRepository());
    const before = repository.commit({ "a/1": "1", "b/1": "1" });
    const after = repository.commit({ "a/1": "2", "b/1": "2" });
    expect(await changesOf(repository, "a").between(before, after, signal)).toEqual(["a/1", "b/1"]);
  });

  test("of the working folder has what is not committed and not versioned, and not what is ignored", async () => {
    const repository = kept(gitRepository());
    const base = repository.commit({ "a/1": "1", b: "1", c: "1", ".gitignore": "*.tmp\n" });
    repository.commit({ b: "2" });
    repository.write({ "a/1": "2", "a/new": "1", new: "1", "x.tmp": "1" });
    const changed = await changesOf(repository, "a").between(base, null, signal);
    expect(changed.toSorted()).toEqual(["a/1", "a/new", "b", "new"]);
  });
});

describe("how two commits lie to each other", () => {
  test("the older of two on one branch is where they part", async () => {
    const repository = kept(gitRepository());
    const [base, head] = [repository.commit({ a: "1" }), repository.commit({ a: "2" })];
    const history = { base, head, fork: base, isShallow: false };
    expect(await changesOf(repository).history(base, head, signal)).toEqual(history);
    expect(await changesOf(repository).history("main~1", null, signal)).toEqual(history);
  });

  test("of two branches it is the commit before they parted, and of strangers none", async () => {
    const repository = kept(gitRepository());
    const fork = repository.commit({ a: "1" });
    const base = repository.commit({ a: "2" });
    repository.git("checkout", "--quiet", "-b", "topic", fork);
    const head = repository.commit({ b: "1" });
    expect(await changesOf(repository).history(base, head, signal)).toMatchObject({ base, head, fork });
    repository.git("checkout", "--quiet", "--orphan", "stranger");
    const stranger = repository.commit({ c: "1" });
    expect(await changesOf(repository).history(base, stranger, signal)).toMatchObject({
      base,
      head: stranger,
      fork: null,
    });
  });

  test("a commit that is not in the clone is null, and a shallow clone says that it is one", async () => {
    const origin = kept(gitRepository());
    const [base, head] = [origin.commit({ a: "1" }), origin.commit({ a: "2" })];
    const clone = kept(cloneOf(origin, 1));
    const history = { base: null, head, fork: null, isShallow: true };
    expect(await changesOf(clone).history(base, head, signal)).toEqual(history);
    expect(await changesOf(kept(cloneOf(origin, 2))).history(base, head, signal)).toEqual({
      ...history,
      base,
      fork: base,
    });
    expect(await changesOf(kept(cloneOf(origin, 0))).history(base, head, signal)).toMatchObject({
      base,
      isShallow: false,
    });
  });

  test("what looks like an option is no commit", async () => {
    const repository = kept(gitRepository());
    repository.commit({ a: "1" });
    for (const name of ["--all", "-q", "nothing", "0".repeat(40)])
      expect(await changesOf(repository).history(name, null, signal)).toMatchObject({ base: null, fork: null });
  });
});

describe("the repository", () => {
  test("has its files, its links with what they say, and where we are in it", async () => {
    const repository = kept(gitRepository());
    repository.write({ "models/v2.onnx": "1", "deep/er/x": "1" });
    symlinkSync("v2.onnx", join(repository.folder, "models/current.onnx"));
    symlinkSync("../models", join(repository.folder, "deep/models"));
    repository.commit();
    repository.write({ "not-versioned": "1" });
    const at = async (inside: string, untracked = false) =>
      changesOf(repository, inside).repository({ untracked }, signal);
    expect(await at("")).toEqual({
      root: repository.folder,
      prefix: "",
      files: ["deep/er/x", "deep/models", "models/current.onnx", "models/v2.onnx"],
      links: new Map([
        ["deep/models", "../models"],
        ["models/current.onnx", "v2.onnx"],
      ]),
    });
    expect((await at("deep/er")).prefix).toBe("deep/er");
    expect((await at("deep/er")).files).toHaveLength(4);
    expect((await at("deep/er", true)).files).toContain("not-versioned");
  });

  test("finds what patterns name from where we are: within a folder, over folders, by name, a folder's files", async () => {
    const repository = kept(gitRepository());
    const file = "modelgate.yml";
    repository.commit({
      [file]: "",
      [`models/a/${file}`]: "",
      [`models/b/c/${file}`]: "",
      "models/[x]/own.yml": "",
      "models/a/z": "",
    });
    repository.write({ [`models/new/${file}`]: "" });
    const find = async (pattern: string, inside = "", options = versioned) =>
      [...(await changesOf(repository, inside).find(pattern, options, signal))].toSorted();
    expect(await find(`**/${file}`)).toEqual([file, `models/a/${file}`, `models/b/c/${file}`]);
    expect(await find(`*/*/${file}`)).toEqual([`models/a/${file}`]);
    expect(await find("models/[x]/own.yml")).toEqual(["models/[x]/own.yml"]);
    expect(await find("models/a")).toEqual([`models/a/${file}`, "models/a/z"]);
    expect(await find(`**/${file}`, "models/b")).toEqual([`models/b/c/${file}`]);
    expect(await find(`../a/${file}`, "models/b")).toEqual([`models/a/${file}`]);
    expect(await find(`models/new/${file}`)).toEqual([]);
    expect(await find(`models/new/${file}`, "", { untracked: true })).toEqual([`models/new/${file}`]);
  });

  test("a folder that is none, and a machine without git, are problems that say so", async () => {
    const folder = kept(repositoryIn(emptyFolder()));
    const asked = changesOf(folder).repository(versioned, signal);
    await expect(asked).rejects.toMatchObject({ problems: [{ code: "plan.no-repository" }] });
    await expect(asked).rejects.toThrow(/not a git repository/);
    const without = gitChanges(folder.folder, { PATH: "/nonexistent" }).repository(versioned, signal);
    await expect(without).rejects.toThrow(/git cannot find a repository here: .*ENOENT/);
  });

  test("stops when it is told to", async () => {
    const repository = kept(gitRepository());
    const controller = new AbortController();
    controller.abort(new Error("stopped"));
    await expect(changesOf(repository).repository(versioned, controller.signal)).rejects.toThrow("stopped");
  });
});
