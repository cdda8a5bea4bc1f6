import { expect, test } from "vitest";
import { expectationsOf, readFacts } from "../../src/commands/data.ts";
import { verifyCommand } from "../../src/commands/verify.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { loadConfig } from "../../src/config/load.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { formatImage } from "../../src/domain/image.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Request } from "../../src/domain/request.ts";
import { exitCodeOf } from "../../src/hosts/shell.ts";
import type { Dataset } from "../../src/ports/dataset.ts";
import { sections } from "../../src/reports/sections.ts";
import { fakeDataset } from "../fakes/dataset.ts";
import { terminalOrigin } from "../fakes/origin.ts";
import { production } from "../stages/production.ts";

const { signal } = new AbortController();
const asked: Request = {
  command: "verify",
  config: "modelgate.yml",
  image: null,
  environment: null,
  reason: "",
  record: false,
  subject: null,
  verify: false,
  bundle: null,
  policy: null,
  since: null,
  shard: null,
  models: null,
  jobs: null,
};

const config = `model:
  name: digits
  path: models/digits.onnx
evaluate:
  data: holdout.csv
  task: classification
  inputs: { image: "pixel_*" }
  label: digit
  classes: ["0", "1", "2"]
gates: [accuracy >= 0.9]
environments:
  staging: { platform: local }
  production: { platform: local }
`;

/** What `verify` needs of a workshop: the configuration, the data, the evidence and what staging runs. */
async function workshop() {
  const env = production();
  const dataset = fakeDataset();
  const pixels = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`pixel_${index}`, "0"]));
  const rows = ["0", "1", "2"].map((digit) => ({ ...pixels, digit }));
  dataset.tables.set("holdout.csv", rows);
  const shop = {
    config: loadConfig(config, "modelgate.yml"),
    clock: env.clock,
    evidence: env.evidence,
    builder: { describe: async (image: Release["image"]) => env.releases.get(image.digest)! },
    platform: () => env.platform,
    dataset: (): Dataset => dataset,
    resolve: (path: string) => path,
    host: {
      source: terminalOrigin,
      approvalIssue: null,
      step: <T>(_title: string, work: () => Promise<T>) => work(),
      note: () => undefined,
      warn: () => undefined,
    },
  } as unknown as Workshop;
  const release = await env.packaged("a");
  const { policyDigest: policy, dataDigest } = await expectationsOf(shop, release.model, signal);
  const inForce = { policy, data: { digest: dataDigest, rows: rows.length } };
  return { env, shop, release, dataset, inForce };
}

test("a proved release is a pass: a row for each check, and exit code 0", async () => {
  const { env, shop, release, inForce } = await workshop();
  await env.judge(release, inForce);
  const outcome = await verifyCommand(shop, { ...asked, image: formatImage(release.image) }, signal);
  expect([outcome.verdict, exitCodeOf(outcome)]).toEqual(["pass", 0]);
  expect(outcome.headline).toBe(`${formatImage(release.image)} is proved: 12 checks hold`);
  const [table, attention] = outcome.sections;
  expect(table!.rows.map(([word, name]) => `${word} ${name}`)).toEqual(
    [
      "signature",
      "signer",
      "subject",
      "model digest",
      "verdict",
      "freshness",
      "policy digest",
      "data digest",
      "evaluation",
      "smoke",
      "validation",
      "provenance",
    ].map((name) => `pass ${name}`),
  );
  expect(attention!.rows).toEqual([]);
  expect(sections(outcome).map(({ title }) => title)).not.toContain("Attention");
});

test("without an image it is about what staging runs", async () => {
  const { env, shop, release, inForce } = await workshop();
  await env.judge(release, inForce);
  await env.platform.deploy(release, signal);
  expect((await verifyCommand(shop, asked, signal)).image).toEqual(release.image);
});

test("a verdict under another policy is a fail: exit code 1, and both digests are shown", async () => {
  const { env, shop, release, inForce } = await workshop();
  await env.judge(release, { ...inForce, policy: sha256("older policy") });
  const outcome = await verifyCommand(shop, { ...asked, image: formatImage(release.image) }, signal);
  expect([outcome.verdict, exitCodeOf(outcome)]).toEqual(["fail", 1]);
  expect(outcome.headline).toContain("is not proved: policy digest");
  const attention = sections(outcome).find(({ title }) => title === "Attention")!;
  expect(attention.rows).toHaveLength(1);
  const [[code, message]] = attention.rows as [[string, string]];
  expect(code).toBe("promote.verdict-foreign");
  expect(message).toContain(sha256("older policy"));
  expect(message).toContain(inForce.policy);
});

test("a verdict on other data is a fail, and both digests are shown", async () => {
  const { env, shop, release, dataset, inForce } = await workshop();
  await env.judge(release, inForce);
  dataset.tables.set("holdout.csv", dataset.tables.get("holdout.csv")!.slice(1));
  const { identity } = await readFacts(shop, release.model, signal);
  const outcome = await verifyCommand(shop, { ...asked, image: formatImage(release.image) }, signal);
  expect(outcome.verdict).toBe("fail");
  const message = outcome.sections[1]!.rows[0]![1]!;
  expect(message).toContain(inForce.data.digest);
  expect(message).toContain(identity.digest);
});

test("a release without a verdict is a fail, not an error of the input", async () => {
  const { shop, release } = await workshop();
  const outcome = await verifyCommand(shop, { ...asked, image: formatImage(release.image) }, signal);
  expect([outcome.verdict, outcome.sections[1]!.rows[0]![0]]).toEqual(["fail", "promote.no-verdict"]);
});

test("a tag is an error of the input", async () => {
  const { shop } = await workshop();
  const work = verifyCommand(shop, { ...asked, image: "ghcr.io/acme/digits:latest" }, signal);
  await expect(work).rejects.toMatchObject({ problems: [{ code: "input.image" }] });
});
