import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { layoutBuilder } from "../../src/adapters/builders/layout.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { localPlatform } from "../../src/adapters/platforms/local.ts";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { schemaFault } from "../../src/adapters/schemas/index.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { type Golden, readGoldens } from "../../src/domain/golden.ts";
import { afterwards } from "../../src/stages/smoke/afterwards.ts";
import { batch } from "../../src/stages/smoke/batch.ts";
import { concurrency } from "../../src/stages/smoke/concurrency.ts";
import { parity } from "../../src/stages/smoke/parity.ts";
import { tinyRelease } from "../fakes/tiny-release.ts";
import { architecture, fetching, runtimePack } from "../runtime/server.ts";

// The steps of the smoke test that need a second place or many requests, on real processes of the embedded server.

const { signal } = new AbortController();

beforeAll(() => runtimePack(), fetching);

/** Two places of this machine, with a model that gives back its input and one that gives back its negative. */
async function place() {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-parity-"));
  const openStore = (repository: string) => layoutStore(repository, join(folder, "registry"));
  const builder = layoutBuilder({ model: "tiny", openStore, architecture });
  const platform = (slot: string) => localPlatform({}, { folder: join(folder, slot), openStore, searchPath: "" });
  const [staging, here] = [platform("staging"), platform("here")];
  onTestFinished(async () => {
    await Promise.all([staging.remove(signal), here.remove(signal)]);
    await rm(folder, { recursive: true, force: true });
  });
  const good = await tinyRelease(builder, "good");
  const lines = [1, 2, 3].map((x) => `{"id":"g${x}","inputs":{"x":[[${x},0]]},"expect":{"y":[[${x},0]]}}`);
  const goldens = readGoldens(lines.join("\n"), "golden.jsonl", good.model.inputs) as Golden[];
  const reading = { labelOf: () => "", schemaFault };
  const asking = { goldens, reading, clock: systemClock, signal };
  const connect = async (release: typeof good) => {
    const { endpoint } = (await staging.deploy(release, signal)).running;
    return v2.connect(endpoint, release.model.name);
  };
  return { builder, staging, here, good, asking, connect, runner: { platform: here, protocol: () => v2 } };
}

test("the same image in two places answers the same, also in a batch and to many clients, and is never restarted", async () => {
  const { staging, here, good, asking, connect, runner } = await place();
  await using session = await connect(good);
  expect(await parity(session, good, runner, asking)).toMatch(/^3 golden requests/);
  expect(await here.current(signal)).toBeNull();
  expect(await batch(session, good.model, asking)).toMatch(/^a batch of 3 is answered/);
  expect(await concurrency(session, asking)).toMatch(/^80 answers/);
  const before = await staging.vitals!(signal);
  const ask = staging.vitals!.bind(staging);
  expect(await afterwards(session, asking.goldens[0]!, { ask, before }, asking)).toMatch(
    /never restarted; it takes .*MiB/,
  );
});

test("what staging answers otherwise than this machine is told", async () => {
  const { builder, good, asking, connect, runner } = await place();
  await using session = await connect(await tinyRelease(builder, "other"));
  await expect(parity(session, good, runner, asking)).rejects.toThrow(
    /staging does not answer g1 as the same image on this machine: y\[0\]\[0\] is -1, and 1 is expected/,
  );
});

test("a platform on which nothing runs has nothing to say", async () => {
  const { staging } = await place();
  expect(await staging.vitals!(signal)).toBeNull();
});
