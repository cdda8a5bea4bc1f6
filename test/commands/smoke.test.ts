import { expect, test } from "vitest";
import { v2 } from "../../src/adapters/protocols/v2.ts";
import { schemaFault } from "../../src/adapters/schemas/index.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { smokeRelease } from "../../src/commands/smoke.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import type { Problem } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import { fakeEvidenceStore } from "../fakes/evidence-store.ts";
import { terminalOrigin } from "../fakes/origin.ts";
import { fakePlatform } from "../fakes/platform.ts";
import { probabilities, thresholding, v2Server } from "../fakes/v2-server.ts";
import { release } from "../stages/smoke/served.ts";

const { signal } = new AbortController();
const golden = '{"id":"a","inputs":{"x":[[0.9]]},"expect":{"p":[[0.2,0.8]]}}\n';

/** Smoke-tests a release on a server that takes a wrong shape for its own failure. */
async function tested(fields: Partial<Workshop> = {}, strict = false, tested: Release = release, kind = "v2") {
  await using server = await v2Server(thresholding, { digest: tested.model.digest, refusal: () => ({ status: 500 }) });
  const staging = fakePlatform();
  staging.running = {
    image: tested.image,
    modelDigest: tested.model.digest,
    endpoint: { ...server.endpoint, protocol: kind },
  };
  const evidence = fakeEvidenceStore();
  const shop = {
    config: { file: "modelgate.yml", smoke: { examples: "golden.jsonl", strict }, evaluate: null },
    host: { source: terminalOrigin },
    clock: { ...systemClock, until: async () => undefined },
    evidence,
    platform: () => staging,
    protocol: () => v2,
    stranger: () => null,
    onThisMachine: () => ({ skipped: "staging runs on this machine already" }),
    schemaFault,
    readText: async () => golden,
    resolve: (path: string) => path,
    ...fields,
  } as unknown as Workshop;
  const { report } = await smokeRelease(shop, tested, "staging", signal);
  const stored = await evidence.list(tested.image, "smoke", signal);
  return { report, stored, step: (id: string) => report.steps.find((one) => one.id === id)! };
}

test("the report is attached to the image, with what was skipped and why", async () => {
  const { report, stored, step } = await tested();
  expect(report.passed).toBe(true);
  expect(stored.map(({ body }) => body)).toEqual([report]);
  expect(step("S5 parity")).toMatchObject({ level: "skipped", detail: "staging runs on this machine already" });
  expect(step("S7 wrong shape").level).toBe("advisory");
});

test("a protocol that the release leaves open is found out once, told, and asked to be written down", async () => {
  const asked: string[] = [];
  const warnings: Problem[] = [];
  const { report } = await tested(
    {
      host: {
        source: terminalOrigin,
        warn: (problem: Problem) => warnings.push(problem),
      } as unknown as Workshop["host"],
      protocol: (kind) => (asked.push(kind), v2),
      detect: async (endpoint, model) => (asked.push(`${endpoint.protocol} ${model}`), "v2"),
    },
    false,
    release,
    "auto",
  );
  expect([report.passed, asked]).toEqual([true, ["auto m", "v2"]]);
  expect(warnings.map(({ message, hint }) => `${message}. ${hint}`)).toEqual([
    expect.stringMatching(/^image\.custom\.protocol is auto, and http:.* speaks v2\. Write protocol: v2/),
  ]);
});

test("smoke.strict makes a failure of the server a failure of the test", async () => {
  const { report, step } = await tested({}, true);
  expect([report.passed, step("S7 wrong shape").level]).toEqual([false, "required"]);
});

test("the release is run on this machine where there is a place, and taken away again", async () => {
  await using here = await v2Server(({ id }) => ({ body: probabilities(id, [0.3, 0.7]) }));
  const place = fakePlatform();
  const onThisMachine = () => ({
    ...place,
    async deploy(...words: Parameters<typeof place.deploy>) {
      const deployment = await place.deploy(...words);
      return { ...deployment, running: { ...deployment.running, endpoint: here.endpoint } };
    },
  });
  const { step } = await tested({ onThisMachine });
  expect(step("S5 parity").detail).toMatch(/staging does not answer a as the same image on this machine/);
  expect([place.deployed.length, place.running]).toEqual([1, null]);
});

test("a model that is too large for this machine is not run on it", async () => {
  const place = fakePlatform();
  const large = { ...release, model: { ...release.model, bytes: 3 * 2 ** 30 } };
  const { step } = await tested({ onThisMachine: () => place }, false, large);
  expect(step("S5 parity")).toMatchObject({ level: "skipped", detail: expect.stringContaining("at most") as unknown });
  expect(place.deployed).toEqual([]);
});

test("what the platform says of restarts is asked where it can be", async () => {
  const staging = { ...fakePlatform(), vitals: async () => ({ restarts: 2, memoryBytes: null }) };
  await using server = await v2Server(thresholding, { digest: release.model.digest });
  staging.current = async () => ({
    image: release.image,
    modelDigest: release.model.digest,
    endpoint: server.endpoint,
  });
  const { step } = await tested({ platform: () => staging });
  expect(step("S9 afterwards").detail).toMatch(/restarted it 2 times/);
});

test("a golden file that is not there is told", async () => {
  await expect(tested({ readText: async () => null })).rejects.toMatchObject({
    problems: [{ code: "smoke.no-golden", at: { key: "smoke.examples" } }],
  });
});
