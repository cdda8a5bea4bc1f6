import { expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import { UserError, WorldError } from "../../src/domain/problem.ts";
import { deathAt, Killed } from "../fakes/death.ts";
import { checkWith } from "../fakes/verdict.ts";
import { lie, production } from "./production.ts";

const problemsOf = async (work: Promise<unknown>): Promise<readonly { code: string; message: string }[]> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems;
  if (error instanceof WorldError) return [error.problem];
  throw new Error("expected a problem", { cause: error });
};
const codesOf = async (work: Promise<unknown>): Promise<string[]> => (await problemsOf(work)).map(({ code }) => code);

test("a proved release is deployed, read back and written down in two phases", async () => {
  const env = production();
  const release = await env.proved("a");
  const changed = await env.promote(release);
  expect(changed).toMatchObject({ before: null, running: { image: release.image, modelDigest: release.model.digest } });
  expect(changed.deployment).not.toBeNull();
  expect(env.platform.running?.image).toEqual(release.image);
  const [intended, done] = await env.entries();
  const [verdict] = await env.evidence.list(release.image, "verdict", new AbortController().signal);
  expect(intended).toMatchObject({ phase: "intended", act: "promote", before: null, verdict: verdict!.digest });
  expect(done).toMatchObject({ phase: "done", image: release.image, reason: "because", actor: "ada" });
});

test("the entry names what ran before", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.proved("b")];
  await env.promote(a);
  expect(await env.promote(b)).toMatchObject({ before: a.image });
  expect((await env.entries()).at(-1)).toMatchObject({ before: a.image, image: b.image });
});

test("promoted again, nothing happens", async () => {
  const env = production();
  const release = await env.proved("a");
  await env.promote(release);
  const again = await env.promote(release);
  expect(again).toMatchObject({ deployment: null, running: { image: release.image } });
  expect(env.platform.deployed).toHaveLength(1);
  expect(await env.history()).toEqual(["promote intended", "promote done"]);
});

test("what was deployed by hand is written down when it is promoted", async () => {
  const env = production();
  const release = await env.proved("a");
  await env.platform.deploy(release, new AbortController().signal);
  await env.promote(release);
  expect(await env.history()).toEqual(["promote intended", "promote done"]);
  expect(env.platform.deployed).toHaveLength(1);
});

test("what was deployed by hand over a promoted release is written down too", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.proved("b")];
  await env.promote(a);
  await env.platform.deploy(b, new AbortController().signal);
  await env.promote(b);
  expect((await env.entries()).at(-1)).toMatchObject({ phase: "done", image: b.image, before: b.image });
});

test("a long reason is kept in part", async () => {
  const env = production();
  await env.promote(await env.proved("a"), { reason: "x".repeat(5000) });
  expect((await env.entries())[0]!.reason).toHaveLength(1000);
});

test("a release without a verdict is refused and nothing is written", async () => {
  const env = production();
  expect(await codesOf(env.promote(await env.packaged("a")))).toEqual(["promote.no-verdict"]);
  expect(env.platform.running).toBeNull();
  expect(await env.entries()).toEqual([]);
});

test("an older pass under a newer fail is no pass", async () => {
  const env = production();
  const release = await env.proved("a");
  await env.judge(release, { at: "2026-11-23T11:30:00.000Z" }, "fail");
  expect(await codesOf(env.promote(release))).toEqual(["promote.verdict-failed"]);
  expect(env.platform.running).toBeNull();
});

test("a newer verdict under another policy does not hide the one that counts", async () => {
  const env = production();
  const release = await env.proved("a");
  await env.judge(release, { at: "2026-11-23T11:30:00.000Z", policy: sha256("draft") }, "fail");
  await env.promote(release);
  expect(env.platform.running?.image).toEqual(release.image);
});

test("a verdict under another policy, or on other data, is refused", async () => {
  for (const fields of [{ policy: sha256("other") }, { data: { digest: sha256("other"), rows: 100 } }]) {
    const env = production();
    const release = await env.packaged("a");
    await env.judge(release, fields);
    expect(await codesOf(env.promote(release))).toEqual(["promote.verdict-foreign"]);
    expect(env.platform.running).toBeNull();
  }
});

test("the verdict of another release is refused", async () => {
  const env = production();
  const [a, b] = [await env.packaged("a"), await env.packaged("b")];
  const seen = { image: b.image, modelDigest: b.model.digest };
  await env.judge(a, { subject: { ...seen, before: seen, after: seen } });
  expect(new Set(await codesOf(env.promote(a)))).toEqual(new Set(["promote.verdict-foreign"]));
  expect(env.platform.running).toBeNull();
});

test("an old verdict is refused", async () => {
  const env = production();
  const release = await env.proved("a");
  env.clock.advance(24 * 3_600_000);
  expect(await codesOf(env.promote(release))).toEqual(["promote.verdict-stale"]);
  expect(env.platform.running).toBeNull();
});

test("a verdict that cannot be read stops everything", async () => {
  const env = production();
  const release = await env.proved("a");
  await env.judge(release, { at: "2026-11-23T10:00:00.000Z", schema: 2 as 1 });
  expect(await codesOf(env.promote(release))).toEqual(["release.unreadable"]);
  expect(env.platform.running).toBeNull();
});

test("model bytes that changed on the way are not promoted, and what ran before is put back", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.proved("b")];
  await env.promote(a);
  env.platform.tampered.add(b.image.digest);
  const [problem] = await problemsOf(env.promote(b));
  expect(problem!.code).toBe("promote.digest-mismatch");
  for (const part of [b.model.digest, sha256("other bytes"), `production runs`, a.image.digest])
    expect(problem!.message).toContain(part);
  expect(env.platform.running).toMatchObject({ image: a.image, modelDigest: a.model.digest });
  expect((await env.history()).slice(2)).toEqual(["promote intended", "promote undone"]);
});

test("model bytes that changed on the way to an empty environment are taken away", async () => {
  const env = production();
  const release = await env.proved("a");
  env.platform.tampered.add(release.image.digest);
  const [problem] = await problemsOf(env.promote(release));
  expect(problem!.message).toMatch(/production runs nothing$/);
  expect(env.platform.running).toBeNull();
});

test("bytes that were changed under a running release are found when it is promoted again", async () => {
  const env = production();
  const release = await env.proved("a");
  await env.promote(release);
  env.platform.tampered.add(release.image.digest);
  env.platform.running = { ...env.platform.running!, modelDigest: sha256("other bytes") };
  expect(await codesOf(env.promote(release))).toEqual(["promote.digest-mismatch"]);
  expect((await env.history()).at(-1)).toBe("promote undone");
});

test("when the new release never gets ready the old one serves, and the error says so", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.proved("b")];
  await env.promote(a);
  env.platform.neverReady.add(b.image.digest);
  const [problem] = await problemsOf(env.promote(b));
  expect(problem!.code).toBe("platform.not-ready");
  expect(problem!.message).toMatch(new RegExp(`unsupported opset; production runs .*${a.image.digest}`));
  expect(env.platform.running?.image).toEqual(a.image);
  expect((await env.history()).slice(2)).toEqual(["promote intended", "promote undone"]);
  expect(env.platform.deployed).toHaveLength(1);
});

test("what ran before and cannot be put back is left open for the next run, in words", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.proved("b")];
  await env.promote(a);
  env.platform.tampered.add(b.image.digest);
  env.releases.delete(a.image.digest);
  const [problem] = await problemsOf(env.promote(b));
  expect(problem!.message).toMatch(/not settled \(there is no .*\); run the command again/);
  expect((await env.history()).at(-1)).toBe("promote intended");
});

test("two runs cannot change an environment at once", async () => {
  const env = production();
  const release = await env.proved("a");
  await using _lease = await env.ledger.lease("production", "grace", 60_000, new AbortController().signal);
  const [problem] = await problemsOf(env.promote(release));
  expect(problem).toMatchObject({ code: "promote.locked", message: expect.stringContaining("grace") as string });
  expect(env.platform.running).toBeNull();
});

test("an act that takes longer than its lease is aborted and left open", async () => {
  const env = production();
  const release = await env.proved("a");
  const slow = {
    ...env.platform,
    deploy: async (_release: unknown, signal: AbortSignal) => {
      env.clock.advance(31 * 60_000);
      await Promise.resolve();
      signal.throwIfAborted();
      throw new Error("the signal did not abort");
    },
  };
  const [problem] = await problemsOf(env.promote(release, { platform: slow }));
  expect(problem).toMatchObject({ code: "promote.locked", message: expect.stringContaining("30 minutes") as string });
  expect(await env.history()).toEqual(["promote intended"]);
  await env.promote(release);
  expect(await env.history()).toEqual(["promote intended", "promote undone", "promote intended", "promote done"]);
});

test.each(["before", "after"] as const)("killed %s any call and run again, a promotion converges", async (when) => {
  const death = deathAt(0, when);
  for (let at = 1; at === 1 || death.dead; at++) {
    Object.assign(death, deathAt(at, when));
    const env = production();
    const [a, b] = [await env.proved("a"), await env.proved("b")];
    await env.promote(a);
    await env.promote(b, {}, death).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    expect(lie(await env.entries(), env.platform), `killed ${when} call ${at}`).toBeNull();
    env.clock.advance(31 * 60_000);
    await env.promote(b);
    const entries = await env.entries();
    expect(entries.at(-1)).toMatchObject({ phase: "done", image: b.image, modelDigest: b.model.digest });
    expect(lie(entries, env.platform), `run again after a kill ${when} call ${at}`).toBeNull();
  }
  expect(death.calls).toBeGreaterThan(20);
});

test.each(["before", "after"] as const)(
  "killed %s any call while it puts back, and run again, nothing false stays",
  async (when) => {
    const death = deathAt(0, when);
    for (let at = 1; at === 1 || death.dead; at++) {
      Object.assign(death, deathAt(at, when));
      const env = production();
      const [a, b] = [await env.proved("a"), await env.proved("b")];
      await env.promote(a);
      env.platform.tampered.add(b.image.digest);
      await expect(env.promote(b, {}, death)).rejects.toThrow();
      expect(lie(await env.entries(), env.platform), `killed ${when} call ${at}`).toBeNull();
      env.clock.advance(31 * 60_000);
      expect(await codesOf(env.promote(b))).toEqual(["promote.digest-mismatch"]);
      const entries = await env.entries();
      expect(entries.at(-1)).toMatchObject({ phase: "undone", image: b.image });
      expect(lie(entries, env.platform), `run again after a kill ${when} call ${at}`).toBeNull();
      expect(env.platform.running).toMatchObject({ image: a.image, modelDigest: a.model.digest });
    }
    expect(death.calls).toBeGreaterThan(20);
  },
);

test("an environment that a killed run left empty gets its release back, even when the new one may not be promoted", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.proved("b")];
  await env.promote(a);
  const platform = {
    ...env.platform,
    deploy: () =>
      env.platform.remove(new AbortController().signal).then(() => Promise.reject(new Killed("in the gap"))),
    current: async () => env.platform.running ?? Promise.reject(new Killed("dead")),
  };
  await expect(env.promote(b, { platform })).rejects.toBeInstanceOf(Killed);
  expect(env.platform.running).toBeNull();
  await env.judge(b, { at: "2026-11-23T11:30:00.000Z" }, "fail");
  expect(await codesOf(env.promote(b))).toEqual(["promote.verdict-failed"]);
  expect(env.platform.running?.image).toEqual(a.image);
});

test("what cannot be put back is said and does not hold up the next act", async () => {
  const env = production();
  const [a, b, c] = [await env.proved("a"), await env.proved("b"), await env.proved("c")];
  await env.promote(a);
  env.platform.tampered.add(b.image.digest);
  env.releases.delete(a.image.digest);
  await expect(env.promote(b)).rejects.toThrow();
  await env.promote(c);
  expect(env.notes).toContainEqual(expect.stringMatching(/could not be put back: there is no/));
  expect(env.platform.running?.image).toEqual(c.image);
});

test("what somebody deployed by hand after a kill is left alone", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.packaged("b")];
  const death = deathAt(0, "before");
  for (let at = 1; (await env.history()).at(-1) !== "promote intended"; at++) {
    env.clock.advance(31 * 60_000);
    await env.promote(a, {}, Object.assign(death, deathAt(at, "before"))).catch(() => undefined);
  }
  await env.platform.deploy(b, new AbortController().signal);
  env.clock.advance(31 * 60_000);
  expect(await codesOf(env.promote(b))).toEqual(["promote.no-verdict"]);
  expect(env.platform.running?.image).toEqual(b.image);
});

test("what a killed run had deployed is settled as done, and said", async () => {
  const env = production();
  const release = await env.proved("a");
  const dying = {
    ...env.platform,
    deploy: async (...args: Parameters<typeof env.platform.deploy>) => {
      await env.platform.deploy(...args);
      throw new Killed("after the deployment");
    },
    current: async () => (env.platform.running ? Promise.reject(new Killed("dead")) : null),
  };
  await expect(env.promote(release, { platform: dying })).rejects.toBeInstanceOf(Killed);
  expect(await env.history()).toEqual(["promote intended"]);
  await env.promote(release);
  expect(await env.history()).toEqual(["promote intended", "promote done"]);
  expect(env.notes).toEqual([expect.stringMatching(/a promote of production to .* was left open .* so it is done/)]);
});

const against = [{ ...checkWith("pass"), text: "accuracy >= champion - 1pp @95%" }];

test("a verdict against a champion that no longer runs is stale", async () => {
  const env = production();
  const [a, b, c] = [await env.proved("a"), await env.proved("b"), await env.packaged("c")];
  await env.promote(a);
  await env.judge(c, { checks: against, champion: { image: a.image, source: "deployed" } });
  await env.promote(b);
  const [problem] = await problemsOf(env.promote(c));
  expect(problem).toMatchObject({ code: "promote.verdict-stale", message: expect.stringContaining(b.image.digest) });
  expect(env.platform.running?.image).toEqual(b.image);
});

test("a verdict from when there was no champion is stale once there is one", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.packaged("b")];
  await env.judge(b, { checks: against });
  await env.promote(a);
  expect(await codesOf(env.promote(b))).toEqual(["promote.verdict-stale"]);
});

test("a verdict against the champion that runs holds, also when the release runs already", async () => {
  const env = production();
  const [a, b] = [await env.proved("a"), await env.packaged("b")];
  await env.judge(b, { checks: against, champion: { image: a.image, source: "deployed" } });
  await env.promote(a);
  await env.promote(b);
  expect((await env.promote(b)).deployment).toBeNull();
  expect(env.platform.running?.image).toEqual(b.image);
});
