import { chmodSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { planCommand } from "../../src/commands/plan.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Request } from "../../src/domain/request.ts";
import type { Trigger } from "../../src/domain/trigger.ts";
import { triggerOf } from "../../src/hosts/github-job.ts";
import { outputsOf } from "../../src/hosts/shell.ts";
import { cloneOf, copyOf, type GitRepository, gitRepository } from "../fakes/git-repository.ts";
import { askedOf, repositoryShop } from "../fakes/repository-shop.ts";

const { signal } = new AbortController();
const zeros = "0".repeat(40);

const configOf = (name: string, more = ""): string => `model:
  name: ${name}
  path: ${name}.onnx
smoke: { examples: golden.jsonl }
evaluate:
  data: ../../data/${name}.csv
  task: classification
  label: digit
  classes: ["0", "1"]
trust: { keys: [../../keys/release.pub] }
environments:
  staging: { platform: local }
${more}`;

const filesOf = (name: string): Record<string, string> => ({
  [`models/${name}/modelgate.yml`]: configOf(name),
  [`models/${name}/${name}.onnx`]: `version https://git-lfs.github.com/spec/v1\noid sha256:${name}\nsize 1\n`,
  [`models/${name}/golden.jsonl`]: "{}",
  [`data/${name}.csv`]: "1",
});

const others = {
  "keys/release.pub": "key",
  ".github/workflows/release.yml": "on: push",
  "README.md": "models",
};

function kept(repository: GitRepository): GitRepository {
  onTestFinished(() => repository.remove());
  return repository;
}

const template = gitRepository();
const first = template.commit({ ...filesOf("a"), ...filesOf("b"), ...filesOf("c"), ...others });
afterAll(() => template.remove());

/** A repository with the models a, b and c, committed. */
const threeModels = (): { repository: GitRepository; first: string } => ({ repository: kept(copyOf(template)), first });

const push = (before: string, after: string): Trigger => triggerOf({ GITHUB_EVENT_NAME: "push" }, { before, after });

async function plan({ folder }: Pick<GitRepository, "folder">, trigger: Trigger | null, fields: Partial<Request> = {}) {
  const shop = repositoryShop(folder, { job: trigger && { run: "42", attempt: 1, trigger } });
  const outcome = await planCommand(shop, askedOf("plan", fields), signal);
  return { outcome, names: outcome.planned!.map(({ name }) => name), warnings: shop.warnings };
}

describe("a push", () => {
  test.each<[string, Record<string, string>, string[]]>([
    ["a model's pointer in LFS", { "models/a/a.onnx": "version https://git-lfs…\noid sha256:other" }, ["a"]],
    ["a configuration", { "models/b/modelgate.yml": configOf("b", "# looser") }, ["b"]],
    ["labelled data", { "data/c.csv": "2" }, ["c"]],
    ["golden requests", { "models/a/golden.jsonl": "{}{}" }, ["a"]],
    ["a key that all trust", { "keys/release.pub": "other" }, ["a", "b", "c"]],
    ["two of three models", { "models/a/a.onnx": "2", "data/b.csv": "2" }, ["a", "b"]],
    ["weights beside a model", { "models/a/a.onnx.data": "1" }, ["a"]],
    [
      "the workflow, the README and code",
      { ".github/workflows/release.yml": "x", "README.md": "x", "train.py": "x" },
      [],
    ],
  ])("that changed %s plans just what names it", async (_what, files, names) => {
    const { repository, first } = threeModels();
    expect((await plan(repository, push(first, repository.commit(files)))).names).toEqual(names);
  });

  test("of several commits is all of them, and what was taken back is nothing", async () => {
    const { repository, first } = threeModels();
    repository.commit({ "data/a.csv": "2" });
    repository.commit({ "data/b.csv": "2" });
    expect((await plan(repository, push(first, repository.commit()))).names).toEqual(["a", "b"]);
    const back = repository.commit({ "data/a.csv": "1", "data/b.csv": "1" });
    expect((await plan(repository, push(first, back))).names).toEqual([]);
  });

  test("that removed, moved, or only made a file executable counts too", async () => {
    const { repository, first } = threeModels();
    repository.git("rm", "--quiet", "data/a.csv");
    repository.git("mv", "models/b/golden.jsonl", "models/b/moved.jsonl");
    chmodSync(join(repository.folder, "data/c.csv"), 0o755);
    expect((await plan(repository, push(first, repository.commit()))).names).toEqual(["a", "b", "c"]);
  });

  test("in a model's folder counts at any depth, and beside the folder it does not", async () => {
    const { repository } = threeModels();
    const folder = { "models/a/modelgate.yml": configOf("a").replace("a.onnx", "weights") };
    const before = repository.commit({ ...folder, "models/a/weights/a.onnx": "1", "models/a/weights/deep/w.bin": "1" });
    const beside = repository.commit({ "models/a/w.bin": "2" });
    expect((await plan(repository, push(before, beside))).names).toEqual([]);
    const inside = repository.commit({ "models/a/weights/deep/w.bin": "2" });
    expect((await plan(repository, push(beside, inside))).names).toEqual(["a"]);
  });

  test("that is the first of a branch plans all models", async () => {
    const { repository, first } = threeModels();
    const { names, outcome, warnings } = await plan(repository, push(zeros, first));
    expect(names).toEqual(["a", "b", "c"]);
    expect(outcome.sections[0]!.notes[0]).toContain("the branch is new");
    expect(warnings).toEqual([]);
  });

  test("by force compares with what was there before and with where the histories part", async () => {
    const { repository, first } = threeModels();
    const before = repository.commit({ "data/a.csv": "2", "data/c.csv": "2" });
    repository.git("reset", "--quiet", "--hard", first);
    const after = repository.commit({ "data/b.csv": "2", "data/c.csv": "2" });
    // a went back, b is new, c is the same in both and perhaps was never released.
    expect((await plan(repository, push(before, after))).names).toEqual(["a", "b", "c"]);
  });

  test("by force that left nothing of what was there before plans all models, and says so", async () => {
    const { repository, first } = threeModels();
    const { names, outcome, warnings } = await plan(repository, push("d".repeat(40), first));
    expect(names).toEqual(["a", "b", "c"]);
    expect(outcome.sections[0]!.notes[0]).toContain("force-push");
    expect(warnings).toEqual([]);
  });

  test("in a shallow clone plans all models, with a warning that says how to check out", async () => {
    const { repository, first } = threeModels();
    const after = repository.commit({ "data/a.csv": "2" });
    const { names, warnings } = await plan(kept(cloneOf(repository, 1)), push(first, after));
    expect(names).toEqual(["a", "b", "c"]);
    expect(warnings).toMatchObject([{ code: "plan.history", hint: expect.stringContaining("fetch-depth: 0") }]);
    expect((await plan(kept(cloneOf(repository, 0)), push(first, after))).names).toEqual(["a"]);
  });

  test("that brought a new model plans it, and one that took a model away plans nothing for it", async () => {
    const { repository, first } = threeModels();
    const added = repository.commit(filesOf("d"));
    expect((await plan(repository, push(first, added))).names).toEqual(["d"]);
    repository.git("rm", "-r", "--quiet", "models/d");
    expect((await plan(repository, push(added, repository.commit()))).names).toEqual([]);
  });
});

test("a pull request is what it changes, not what came to the base since", async () => {
  const { repository } = threeModels();
  repository.git("checkout", "--quiet", "-b", "topic");
  const head = repository.commit({ "data/a.csv": "2" });
  repository.git("checkout", "--quiet", "main");
  const base = repository.commit({ "data/b.csv": "2" });
  repository.git("merge", "--quiet", "--no-ff", "-m", "as the runner does", "topic");
  const event = { pull_request: { base: { sha: base }, head: { sha: head } } };
  const trigger = triggerOf({ GITHUB_EVENT_NAME: "pull_request" }, event);
  const { names, outcome } = await plan(repository, trigger);
  expect(names).toEqual(["a"]);
  expect(outcome.sections[0]!.notes[0]).toContain("where it parted from");
});

test("a merge queue's group is all that it merges", async () => {
  const { repository, first } = threeModels();
  repository.commit({ "data/a.csv": "2" });
  const head = repository.commit({ "data/b.csv": "2" });
  const event = { merge_group: { base_sha: first, head_sha: head } };
  expect((await plan(repository, triggerOf({ GITHUB_EVENT_NAME: "merge_group" }, event))).names).toEqual(["a", "b"]);
});

test.each(["schedule", "workflow_dispatch", "repository_dispatch"])("%s is about all models", async (event) => {
  const { repository } = threeModels();
  const { names, outcome } = await plan(repository, triggerOf({ GITHUB_EVENT_NAME: event }, {}));
  expect(names).toEqual(["a", "b", "c"]);
  expect(outcome.sections[0]!.notes[0]).toContain(event);
});

describe("a terminal", () => {
  test("is about all models, also those that are not committed", async () => {
    const { repository } = threeModels();
    repository.write(filesOf("d"));
    expect((await plan(repository, null)).names).toEqual(["a", "b", "c", "d"]);
  });

  test("with --since is about what differs in the working folder", async () => {
    const { repository } = threeModels();
    repository.commit({ "data/a.csv": "2" });
    repository.write({ "data/b.csv": "2", "models/c/c.onnx_data": "not versioned" });
    expect((await plan(repository, null, { since: "main~1" })).names).toEqual(["a", "b", "c"]);
    expect((await plan(repository, null, { since: "main" })).names).toEqual(["b", "c"]);
  });

  test("with --since and no such commit is told so: nothing is guessed", async () => {
    const { repository } = threeModels();
    await expect(plan(repository, null, { since: "mian" })).rejects.toThrow('there is no commit "mian"');
  });
});

describe("links and submodules", () => {
  test("a model behind links is released when the file they lead to changes, or a link leads elsewhere", async () => {
    const { repository } = threeModels();
    const link = join(repository.folder, "models/a/a.onnx");
    rmSync(link);
    symlinkSync("../../store/current/a.onnx", link);
    repository.write({ "store/v1/a.onnx": "1", "store/v2/a.onnx": "2" });
    symlinkSync("v1", join(repository.folder, "store/current"));
    const linked = repository.commit();
    const changed = repository.commit({ "store/v1/a.onnx": "1 again" });
    expect((await plan(repository, push(linked, changed))).names).toEqual(["a"]);
    const elsewhere = repository.commit({ "store/v2/a.onnx": "2 again" });
    expect((await plan(repository, push(changed, elsewhere))).names).toEqual([]);
    rmSync(join(repository.folder, "store/current"));
    symlinkSync("v2", join(repository.folder, "store/current"));
    expect((await plan(repository, push(elsewhere, repository.commit()))).names).toEqual(["a"]);
  });

  test("a model in a submodule is released when the submodule moves", async () => {
    const { repository } = threeModels();
    const zoo = kept(gitRepository());
    const [one, two] = [zoo.commit({ "a.onnx": "1" }), zoo.commit({ "a.onnx": "2" })];
    repository.write({ "models/a/modelgate.yml": configOf("a").replace("a.onnx", "../../zoo/a.onnx") });
    repository.git("update-index", "--add", "--cacheinfo", `160000,${one},zoo`);
    repository.git("add", "models");
    repository.git("commit", "--quiet", "--message", "one");
    const before = repository.git("rev-parse", "HEAD");
    repository.git("update-index", "--cacheinfo", `160000,${two},zoo`);
    repository.git("commit", "--quiet", "--message", "two");
    expect((await plan(repository, push(before, repository.git("rev-parse", "HEAD")))).names).toEqual(["a"]);
  });
});

describe("which configurations", () => {
  test("patterns, paths and folders name them, with commas or lines between", async () => {
    const { repository, first } = threeModels();
    const names = async (config: string) => (await plan(repository, push(zeros, first), { config })).names;
    expect(await names("models/*/modelgate.yml")).toEqual(["a", "b", "c"]);
    expect(await names("models/[ab]/modelgate.yml, models/b/modelgate.yml")).toEqual(["a", "b"]);
    expect(await names("models/a/modelgate.yml\nmodels/c/\n")).toEqual(["a", "c"]);
    expect(await names(".")).toEqual(["a", "b", "c"]);
  });

  test("are named as from where modelgate runs", async () => {
    const { repository } = threeModels();
    const { outcome } = await plan({ folder: join(repository.folder, "models/b") }, null);
    expect(outcome.planned).toEqual([{ name: "b", config: "modelgate.yml" }]);
    const all = await plan({ folder: join(repository.folder, "models") }, null);
    expect(all.outcome.planned![0]).toEqual({ name: "a", config: "a/modelgate.yml" });
  });

  test("that match nothing are a problem, not an empty plan", async () => {
    const { repository, first } = threeModels();
    const asked = plan(repository, push(first, first), { config: "modles/*/modelgate.yml" });
    await expect(asked).rejects.toMatchObject({ problems: [{ code: "config.not-found" }] });
  });

  test("with problems fail the plan, all of them at once and each at its place", async () => {
    const { repository, first } = threeModels();
    const after = repository.commit({
      "models/a/modelgate.yml": configOf("a").replace("label", "lable"),
      "models/b/modelgate.yml": "model: [",
      "models/c/modelgate.yml": configOf("c"),
    });
    const error = await plan(repository, push(first, after)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    const { problems } = error as UserError;
    const files = problems.map(({ at }) => at?.file);
    expect(new Set(files)).toEqual(new Set(["models/a/modelgate.yml", "models/b/modelgate.yml"]));
    expect(problems.every(({ at }) => at?.line !== undefined)).toBe(true);
  });

  test("that name their models alike are a problem that names both", async () => {
    const { repository, first } = threeModels();
    const after = repository.commit({ "models/b/modelgate.yml": configOf("a") });
    const asked = plan(repository, push(first, after));
    await expect(asked).rejects.toMatchObject({ problems: [{ code: "plan.same-name" }] });
    await expect(asked).rejects.toThrow("models/b/modelgate.yml and models/a/modelgate.yml both name their model a");
  });
});

describe("what plan gives", () => {
  test("is the matrix as JSON, and a reason for every model", async () => {
    const { repository, first } = threeModels();
    const { outcome } = await plan(repository, push(first, repository.commit({ "data/b.csv": "2" })));
    expect(outputsOf(outcome)["models"]).toBe('[{"name":"b","config":"models/b/modelgate.yml"}]');
    expect(outcome).toMatchObject({ verdict: "none", headline: "1 of 3 models is to be released: b" });
    expect(outcome.sections[0]!.rows).toEqual([
      ["release", "b", "models/b/modelgate.yml", "data/b.csv changed"],
      ["–", "a", "models/a/modelgate.yml", "nothing it names changed"],
      ["–", "c", "models/c/modelgate.yml", "nothing it names changed"],
    ]);
  });

  test("is an empty list when nothing changed", async () => {
    const { repository, first } = threeModels();
    const { outcome } = await plan(repository, push(first, repository.commit({ "README.md": "2" })));
    expect(outputsOf(outcome)["models"]).toBe("[]");
    expect(outcome.headline).toBe("no model changed: none of 3 is released");
  });

  test("never has more legs than a matrix: beyond 256 it is a problem, and a part of the repository is not", async () => {
    const repository = kept(gitRepository());
    const small = (name: string): string =>
      `model: { name: ${name}, path: m.onnx }\nenvironments: { staging: { platform: local } }\n`;
    for (let index = 0; index < 257; index++)
      repository.write({ [`models/m${index}/modelgate.yml`]: small(`m${index}`) });
    const all = push(zeros, repository.commit());
    const asked = plan(repository, all);
    await expect(asked).rejects.toMatchObject({ problems: [{ code: "plan.too-many" }] });
    await expect(asked).rejects.toThrow("257 models");
    const part = await plan(repository, all, { config: "models/m1*/modelgate.yml" });
    expect(part.names).toHaveLength(111);
    expect((await plan(repository, null)).names).toHaveLength(257);
    rmSync(join(repository.folder, "models/m0"), { recursive: true });
    expect((await plan(repository, push(zeros, repository.commit()))).names).toHaveLength(256);
  });
});
