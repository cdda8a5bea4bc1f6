import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gitBranch } from "../../src/adapters/changes/index.ts";
import { standingOf } from "../../src/commands/baseline.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { loadConfig } from "../../src/config/load.ts";
import { good } from "../config/bad.ts";
import { gitEnvironment, gitRepository } from "../fakes/git-repository.ts";

const { signal } = new AbortController();
const written = good.replace(
  "  slices: [stroke]\n",
  (slices) =>
    `${slices}  commands: { judge: { run: [python, eval/judge.py], metrics: { tone: { better: higher } } } }\n`,
);

/** How the configuration in a folder lies to the one on its main branch. */
function standing(folder: string) {
  const text = readFileSync(join(folder, "modelgate.yml"), "utf8");
  return standingOf(
    {
      config: loadConfig(text, join(folder, "modelgate.yml")),
      protectedBranch: gitBranch(folder, gitEnvironment),
      readText: async (path: string) => readFileSync(path, "utf8"),
      resolve: (path: string) => join(folder, path),
    } as unknown as Workshop,
    signal,
  );
}

test("a script that was changed is a policy that cannot be compared", async () => {
  const repository = gitRepository();
  onTestFinished(repository.remove);
  const { folder } = repository;
  repository.commit({
    "modelgate.yml": written,
    "data/holdout.csv": "digit\n1\n",
    "eval/judge.py": "print(1)\n",
  });
  expect(await standing(folder)).toMatchObject({ comparison: { relation: "equal" } });
  repository.write({ "eval/judge.py": "print(100)\n" });
  const changed = await standing(folder);
  expect(changed).toMatchObject({ comparison: { relation: "incomparable" } });
  expect(JSON.stringify(changed)).toContain("read in another way");
});
