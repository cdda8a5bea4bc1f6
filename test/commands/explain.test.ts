import { expect, test } from "vitest";
import { explainCommand } from "../../src/commands/explain.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { hex, sha256 } from "../../src/domain/digest.ts";
import { entryDigest } from "../../src/domain/ledger.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { WorldError } from "../../src/domain/problem.ts";
import type { Request } from "../../src/domain/request.ts";
import type { Signature } from "../../src/domain/signature.ts";
import { entryAfter } from "../contracts/ledger-store.ts";
import { withSignatures } from "../fakes/proof.ts";
import { type Production, production } from "../stages/production.ts";

const { signal } = new AbortController();

/** The workshop of a configuration with one environment. */
function shopOf(env: Production, fields: Partial<Workshop> = {}): Workshop {
  const config = {
    file: "modelgate.yml",
    model: { name: "digits" },
    image: { repository: env.oci.repository },
    environments: { production: {}, canary: {} },
    signing: { method: "none" },
  };
  const host = { step: (_title: string, work: () => Promise<unknown>) => work(), note: () => undefined };
  const platform = (name: string) =>
    name === "production" ? env.platform : { ...env.platform, current: async () => null };
  return {
    config,
    host,
    platform,
    evidence: env.evidence,
    ledger: env.ledger,
    builder: { describe: env.describe },
    ...fields,
  } as unknown as Workshop;
}

const ask = (shop: Workshop, subject: string | null, verify = false, fields: Partial<Request> = {}): Promise<Outcome> =>
  explainCommand(
    shop,
    { command: "explain", subject, verify, image: null, environment: null, ...fields } as Request,
    signal,
  );

const section = ({ sections }: Outcome, title: string) => sections.find((each) => each.title.startsWith(title))!;
const breaches = (outcome: Outcome): string => section(outcome, "What does not hold").rows.flat().join("\n");

async function promoted(...names: string[]) {
  const env = production();
  const releases = [];
  for (const name of names) {
    releases.push(await env.proved(name));
    await env.promote(releases.at(-1)!, { source: { actor: "ada", commit: "c0ffee", run: "https://ci.example/7" } });
    env.clock.advance(60_000);
  }
  return { env, releases };
}

test("an environment is explained by its history: when, what, by whom, why, on which verdict, by which run and commit", async () => {
  const { env, releases } = await promoted("a", "b");
  const outcome = await ask(shopOf(env), "production");
  expect(outcome).toMatchObject({ verdict: "none", environment: "production", image: releases[1]!.image });
  expect(outcome.headline).toMatch(/production runs .* since 2026-11-23T12:01:00.000Z, by ada/);
  const { columns, rows } = section(outcome, "History of production");
  expect(columns).toEqual(["when", "act", "phase", "image", "by", "why", "verdict", "approval", "run", "commit"]);
  expect(rows.map((row) => row.slice(1, 3).join(" "))).toEqual([
    "promote intended",
    "promote done",
    "promote intended",
    "promote done",
  ]);
  const [verdict] = await env.evidence.list(releases[1]!.image, "verdict", signal);
  const short = hex(releases[1]!.image.digest).slice(0, 12);
  expect(rows.at(-1)).toEqual([
    "2026-11-23T12:01:00.000Z",
    "promote",
    "done",
    short,
    "ada",
    "because",
    hex(verdict!.digest).slice(0, 12),
    "–",
    "https://ci.example/7",
    "c0ffee",
  ]);
});

test("without a subject production is explained, and a named environment where there is one", async () => {
  const { env } = await promoted("a");
  expect((await ask(shopOf(env), null)).environment).toBe("production");
  expect((await ask(shopOf(env), null, false, { environment: "canary" })).environment).toBe("canary");
  const canary = await ask(shopOf(env), "canary");
  expect(canary.headline).toBe("nothing is known to run in canary");
  expect(section(canary, "History").notes).toEqual(["There is none."]);
});

test("what is neither a digest nor an environment is refused with what there is", async () => {
  const { env } = await promoted("a");
  for (const subject of ["prod", "latest", "registry.example/acme/digits:v1", "sha256:12"])
    await expect(ask(shopOf(env), subject)).rejects.toMatchObject({
      problems: [{ code: "input.missing", hint: expect.stringContaining("production, canary") as string }],
    });
});

test("a digest is explained by what it is, where it came from, its evidence and where it went", async () => {
  const { env, releases } = await promoted("a", "b");
  const { image, model } = releases[0]!;
  for (const subject of [image.digest, hex(image.digest), `${image.repository}@${image.digest}`, model.digest]) {
    const outcome = await ask(shopOf(env), subject);
    expect(outcome).toMatchObject({ verdict: "none", image, model });
    expect(section(outcome, "Evidence").rows.map(([kind]) => kind)).toEqual([
      "validation",
      "smoke",
      "evaluation",
      "verdict",
      "provenance",
    ]);
    expect(section(outcome, "Made from").rows).toContainEqual(["by", "ada"]);
    expect(section(outcome, "Verdict").rows).toContainEqual(["verdict", "pass"]);
    expect(section(outcome, "Where it went").rows.map((row) => [row[0], row[3]])).toEqual([
      ["production", "intended"],
      ["production", "done"],
    ]);
  }
});

test("the digest of a verdict or of an entry leads to the image", async () => {
  const { env, releases } = await promoted("a");
  const [entry] = await env.entries();
  for (const subject of [entry!.verdict!, entryDigest(entry!)])
    expect((await ask(shopOf(env), subject)).image).toEqual(releases[0]!.image);
});

test("a digest that nobody knows is refused", async () => {
  const { env } = await promoted("a");
  await expect(ask(shopOf(env), sha256("nothing"))).rejects.toMatchObject({
    problems: [{ code: "release.not-found" }],
  });
});

test("when everything holds, --verify says so", async () => {
  const { env, releases } = await promoted("a", "b");
  await env.rollback();
  for (const subject of ["production", releases[0]!.image.digest])
    expect(await ask(shopOf(env), subject, true)).toMatchObject({ verdict: "pass" });
});

test("an entry that was removed is named by --verify, and is an error without it", async () => {
  const { env, releases } = await promoted("a", "b");
  const [, second] = await env.entries();
  env.oci.tagged.delete(`modelgate-ledger-production-${hex(entryDigest(second!))}`);
  for (const subject of ["production", releases[0]!.image.digest]) {
    const outcome = await ask(shopOf(env), subject, true);
    expect(outcome.verdict).toBe("fail");
    expect(breaches(outcome)).toContain(entryDigest(second!));
  }
  const fresh = shopOf(env);
  await expect(ask(fresh, "production")).rejects.toMatchObject({ problems: [{ code: "ledger.broken" }] });
});

test.each<[string, (env: Production, names: Awaited<ReturnType<typeof promoted>>["releases"]) => unknown, RegExp]>([
  ["evidence that was changed", (env, [a]) => env.damage(a!), /cannot be read|has bytes of/],
  ["evidence that is gone", (env, [a]) => env.forget(a!), /rests on the verdict sha256:.*, which is not there/],
  ["an image that is gone", (env, [a]) => env.releases.delete(a!.image.digest), /there is no registry/],
  [
    "a verdict whose evaluation is gone",
    (env, [a]) => env.judge(a!, { evaluation: sha256("elsewhere") }),
    /rests on the evaluation sha256:.*, which is not there/,
  ],
  [
    "what somebody deployed by hand",
    (env, [a]) => env.platform.deploy(a!, signal),
    /production runs .*and its ledger says/,
  ],
  [
    "a promotion without a verdict",
    async (env, [a]) => {
      const last = (await env.entries()).at(-1)!;
      const { image, model } = a!;
      return env.ledger.append(entryAfter(last, { image, modelDigest: model.digest, verdict: null }), signal);
    },
    /the promote of production .* rests on no verdict/,
  ],
  [
    "a promotion on a verdict that failed",
    async (env, [a]) => {
      const verdict = await env.judge(a!, { at: "2026-11-23T11:30:00.000Z" }, "fail");
      const { image, model } = a!;
      const last = (await env.entries()).at(-1)!;
      return env.ledger.append(entryAfter(last, { image, modelDigest: model.digest, verdict }), signal);
    },
    /which is fail/,
  ],
  [
    "a promotion on the verdict of another release",
    async (env, [a, b]) => {
      const seen = { image: b!.image, modelDigest: b!.model.digest };
      const verdict = await env.judge(a!, { subject: { ...seen, before: seen, after: seen } });
      const { image, model } = a!;
      const last = (await env.entries()).at(-1)!;
      return env.ledger.append(entryAfter(last, { image, modelDigest: model.digest, verdict }), signal);
    },
    /the promote of .* rests on the verdict sha256:.*, about another release/,
  ],
  [
    "an approval that was used twice",
    async (env) => {
      for (const _ of [1, 2]) {
        const last = (await env.entries()).at(-1)!;
        await env.ledger.append({ ...last, ...entryAfter(last), image: last.image, approval: "comment 7" }, signal);
      }
    },
    /the approval comment 7 allowed/,
  ],
])("--verify names %s, and the exit is 1", async (_what, spoil, why) => {
  const { env, releases } = await promoted("a", "b");
  await spoil(env, releases);
  const outcome = await ask(shopOf(env), "production", true);
  expect(outcome.verdict).toBe("fail");
  expect(breaches(outcome)).toMatch(why);
});

test("where evidence must be signed, --verify names what is not, and whoever is not trusted", async () => {
  const { env } = await promoted("a");
  const signed = { ...shopOf(env).config, signing: { method: "key" } } as unknown as Workshop["config"];
  const bare = await ask(shopOf(env, { config: signed }), "production", true);
  expect(breaches(bare)).toMatch(/verdict evidence sha256:.* is not signed/);
  const problem = { code: "registry.digest", message: "it was altered", hint: "Look." } as const;
  const refused = (): Signature => ({ status: "refused", problem });
  const evidence = withSignatures(env.evidence, refused);
  const outcome = await ask(shopOf(env, { config: signed, evidence }), "production", true);
  expect(breaches(outcome)).toContain("it was altered");
});

test("every signature is shown with who made it", async () => {
  const { env, releases } = await promoted("a");
  const key = sha256("key");
  const evidence = withSignatures(env.evidence, () => ({
    status: "verified",
    by: { kind: "key", fingerprint: key },
    at: null,
  }));
  const outcome = await ask(shopOf(env, { evidence }), releases[0]!.image.digest, true);
  expect(outcome.verdict).toBe("pass");
  for (const row of section(outcome, "Evidence").rows) expect(row[2]).toBe(`the key ${key}`);
});

test("a platform that does not answer does not hide the history", async () => {
  const { env } = await promoted("a");
  const failed = () =>
    Promise.reject(
      new WorldError(
        { code: "platform.unavailable", message: "no cluster here", hint: "Connect." },
        { side: "platform", during: "asking", retryable: true },
      ),
    );
  const shop = shopOf(env, { platform: () => ({ ...env.platform, current: failed }) });
  const outcome = await ask(shop, "production", true);
  expect(outcome).toMatchObject({ verdict: "pass", headline: expect.stringContaining("should run") as string });
  expect(outcome.notes.join()).toContain("no cluster here");
});

test("a registry that does not answer is not a breach", async () => {
  const { env } = await promoted("a");
  env.oci.referrers = () =>
    Promise.reject(
      new WorldError(
        { code: "registry.unreachable", message: "no route", hint: "Connect." },
        { side: "registry", during: "asking", retryable: true },
      ),
    );
  await expect(ask(shopOf(env), "production", true)).rejects.toMatchObject({
    problem: { code: "registry.unreachable" },
  });
});

test("an act that is not finished, and runs that wrote at the same time, are shown", async () => {
  const { env, releases } = await promoted("a");
  const last = (await env.entries()).at(-1)!;
  const { image, modelDigest, verdict } = last;
  for (const actor of ["grace", "edsger"])
    await env.ledger.append(entryAfter(last, { phase: "intended", actor, image, modelDigest, verdict }), signal);
  const outcome = await ask(shopOf(env), "production");
  expect(outcome.notes).toHaveLength(2);
  expect(outcome.notes[0]).toContain(`the promote to ${releases[0]!.image.repository}`);
  expect(section(outcome, "History").notes).toEqual(["Runs wrote at the same time once."]);
});

test("of a long history the newest entries are shown", async () => {
  const env = production();
  let last = entryAfter(undefined);
  for (let i = 0; i < 130; i++) {
    await env.ledger.append(last, signal);
    last = entryAfter(last, { reason: `entry ${i + 1}` });
  }
  const { rows, notes } = section(await ask(shopOf(env), "production"), "History");
  expect(rows).toHaveLength(100);
  expect(rows.at(-1)![5]).toBe("entry 129");
  expect(notes).toEqual(["30 earlier entries are not shown."]);
});
