import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readLabel, releaseLabel } from "../../../../src/adapters/builders/image/description.ts";
import { builders } from "../../../../src/adapters/builders/index.ts";
import { createOpenStore } from "../../../../src/adapters/oci/open.ts";
import { modelFolderOf } from "../../../../src/domain/release.ts";
import { inspect, planOf, small } from "../../../contracts/builder.plan.ts";

const { signal } = new AbortController();

async function built(folder: string) {
  const layoutFolder = await mkdtemp(join(tmpdir(), "modelgate-preset-"));
  onTestFinished(() => rm(layoutFolder, { recursive: true, force: true }));
  const openStore = createOpenStore({
    layoutFolder,
    dockerConfig: null,
    runHelper: () => Promise.reject(new Error("none")),
  });
  const builder = builders.layout({ model: "digits", openStore, architecture: "amd64" });
  const plan = await planOf(small);
  const files = { "models/digits/config.pbtxt": 'name: "digits"\n' };
  const runtime = { ...plan.runtime, folders: [], files, modelFolder: folder, readyPath: "/up" };
  const { release } = await builder.build({ ...plan, runtime }, signal);
  return {
    release,
    again: await builder.describe(release.image, signal),
    ...(await inspect(release.image, openStore)),
  };
}

test("generated files are a layer, and where the model lies is read back from the image", async () => {
  const { release, again, config } = await built("models/digits/1");
  expect(again).toEqual(release);
  expect(again).toMatchObject({ modelFolder: "models/digits/1", readyPath: "/up" });
  expect([modelFolderOf(again), modelFolderOf({ model: { name: "m" } })]).toEqual(["models/digits/1", "models/m"]);
  expect(JSON.stringify(config.history)).toContain("runtime configuration");
});

test("what is the usual is not said, so that such images keep their digest", async () => {
  const { config } = await built("models/digits");
  expect(config.config.Labels[releaseLabel]).not.toContain("modelFolder");
});

test.each([
  ["a folder outside the model's", { modelFolder: "etc/digits" }],
  ["a folder that leaves it", { modelFolder: "models/digits/../other" }],
  ["a number", { modelFolder: 1 }],
  ["a readiness path that is none", { readyPath: "up" }],
])("a label with %s is not believed", async (_what, fields) => {
  const { release, config } = await built("models/digits/1");
  const label = JSON.parse(config.config.Labels[releaseLabel]!) as object;
  expect(() => readLabel(release.image, JSON.stringify({ ...label, ...fields }))).toThrow(/contradicts itself/);
});
