import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planCommand } from "../src/commands/plan.ts";
import { gitRepository } from "../test/fakes/git-repository.ts";
import { askedOf, repositoryShop } from "../test/fakes/repository-shop.ts";

/*
 * node bench/plan.ts [models]: a repository with that many models, ten files each, of which one changed; how long plan takes to
 * tell.
 */

const models = Number(process.argv[2] ?? 5000);
const example = readFileSync(join(import.meta.dirname, "../examples/digits/modelgate.yml"), "utf8");

/** A model's folder as in the example, and files around it that nothing names. */
function filesOf(index: number): Record<string, string> {
  const folder = `teams/${index % 50}/models/m${index}`;
  const named = ["models/digits.onnx", "server/preprocess.mjs", "tests/golden.jsonl", "data/holdout.csv"];
  const others = ["README.md", "train.py", "notes.md", "requirements.txt", "notebook.ipynb"];
  return {
    [`${folder}/modelgate.yml`]: example.replace("name: digits", `name: m${index}`),
    ...Object.fromEntries([...named, ...others].map((file) => [`${folder}/${file}`, `${file} ${index}`])),
  };
}

const repository = gitRepository();
try {
  for (let index = 0; index < models; index++) repository.write(filesOf(index));
  const before = repository.commit();
  const after = repository.commit({ "teams/7/models/m7/data/holdout.csv": "other" });
  const trigger = { event: "push", kind: "moved", base: before, head: after } as const;
  const shop = repositoryShop(repository.folder, { job: { run: "1", attempt: 1, trigger } });
  const started = performance.now();
  const { planned } = await planCommand(shop, askedOf("plan"), new AbortController().signal);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${models} models, ${models * 10} files: ${planned?.length} planned in ${seconds.toFixed(1)} s`);
} finally {
  repository.remove();
}
