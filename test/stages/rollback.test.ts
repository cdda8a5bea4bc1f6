import { expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import type { Release } from "../../src/domain/release.ts";
import { entryAfter } from "../contracts/ledger-store.ts";
import { deathAt, Killed } from "../fakes/death.ts";
import { releaseOf } from "../fakes/release.ts";
import { lie, type Production, production } from "./production.ts";

const { signal } = new AbortController();

/** An environment to which releases were promoted, in this order. */
async function promoted(...names: string[]) {
  const env = production();
  const releases = [];
  for (const name of names) {
    releases.push(await env.proved(name));
    await env.promote(releases.at(-1)!);
  }
  return { env, releases };
}

const nothing = { problems: [{ code: "rollback.nothing" }] };

test("the release before is deployed like any other, and written down in two phases", async () => {
  const { env, releases } = await promoted("a", "b");
  const changed = await env.rollback();
  expect(changed).toMatchObject({ release: releases[0], before: releases[1]!.image });
  expect(env.platform.running).toMatchObject({ image: releases[0]!.image, modelDigest: releases[0]!.model.digest });
  expect((await env.history()).slice(-2)).toEqual(["rollback intended", "rollback done"]);
});

test("two rollbacks go back two releases, and never forward to what was taken back", async () => {
  const { env, releases } = await promoted("a", "b", "c");
  await env.rollback();
  await env.rollback();
  expect(env.platform.running?.image).toEqual(releases[0]!.image);
  await expect(env.rollback()).rejects.toMatchObject(nothing);
  expect(env.platform.running?.image).toEqual(releases[0]!.image);
});

test("without an earlier release there is nothing to go back to", async () => {
  const { env } = await promoted("a");
  await expect(env.rollback()).rejects.toMatchObject(nothing);
  await expect(production().rollback()).rejects.toMatchObject(nothing);
  expect(await env.history()).toEqual(["promote intended", "promote done"]);
});

test("an act that was undone is not an earlier release", async () => {
  const { env } = await promoted("a");
  const broken = await env.proved("b");
  env.platform.neverReady.add(broken.image.digest);
  await expect(env.promote(broken)).rejects.toThrow();
  await expect(env.rollback()).rejects.toMatchObject(nothing);
});

test("when something else was deployed by hand, the last promoted release comes back", async () => {
  const { env, releases } = await promoted("a", "b");
  await env.platform.deploy(releaseOf("by hand"), signal);
  await env.rollback();
  expect(env.platform.running?.image).toEqual(releases[1]!.image);
});

test("when nothing runs any more, the release before the last comes back", async () => {
  const { env, releases } = await promoted("a", "b");
  await env.platform.remove(signal);
  await env.rollback();
  expect(env.platform.running?.image).toEqual(releases[0]!.image);
});

test.each<[string, (env: Production, release: Release) => void, RegExp]>([
  ["whose verdict is damaged", (env, release) => env.damage(release), /passed over: the blob .* has bytes of/],
  [
    "whose verdict is gone",
    (env, release) => env.forget(release),
    /passed over: its verdict .* is not in the registry/,
  ],
  ["whose image is gone", (env, release) => void env.releases.delete(release.image.digest), /passed over: there is no/],
  [
    "whose image holds another model",
    (env, release) => {
      const model = { ...release.model, digest: sha256("other bytes") };
      env.releases.set(release.image.digest, { ...release, model });
    },
    /passed over: its image holds the model/,
  ],
])("a release %s is passed over, and said", async (_what, spoil, note) => {
  const { env, releases } = await promoted("a", "b", "c");
  spoil(env, releases[1]!);
  await env.rollback();
  expect(env.platform.running?.image).toEqual(releases[0]!.image);
  expect(env.notes).toEqual([expect.stringMatching(note)]);
});

test("a release whose ledger entry rests on the verdict of another is passed over", async () => {
  const env = production();
  const [a, b] = [await env.packaged("a"), await env.proved("b")];
  const other = { image: b.image, modelDigest: b.model.digest };
  const verdict = await env.judge(a, { subject: { ...other, before: other, after: other } });
  const entry = entryAfter(undefined, { image: a.image, modelDigest: a.model.digest, verdict });
  await env.ledger.append(entry, signal);
  await env.promote(b);
  await expect(env.rollback()).rejects.toThrow(/no earlier verified release/);
  expect(env.notes).toEqual([expect.stringMatching(/is about another release/)]);
});

test("when every earlier release is in doubt nothing happens, and each doubt is a problem", async () => {
  const { env, releases } = await promoted("a", "b", "c");
  env.damage(releases[0]!);
  env.forget(releases[1]!);
  const codes = ["rollback.nothing", "promote.no-verdict", "registry.digest"];
  await expect(env.rollback()).rejects.toMatchObject({ problems: codes.map((code) => ({ code })) });
  expect(env.platform.running?.image).toEqual(releases[2]!.image);
});

test("bytes that changed on the way back are not served", async () => {
  const { env, releases } = await promoted("a", "b");
  env.platform.tampered.add(releases[0]!.image.digest);
  await expect(env.rollback()).rejects.toMatchObject({ problem: { code: "promote.digest-mismatch" } });
  expect(env.platform.running).toMatchObject({ image: releases[1]!.image, modelDigest: releases[1]!.model.digest });
  expect((await env.history()).at(-1)).toBe("rollback undone");
});

test("a promotion left open by a killed run is settled before its release is taken back", async () => {
  const { env, releases } = await promoted("a", "b");
  const late = await env.proved("c");
  const platform = {
    ...env.platform,
    deploy: async (...args: Parameters<typeof env.platform.deploy>) => {
      await env.platform.deploy(...args);
      throw new Killed("after the deployment");
    },
    current: async () => (env.platform.running?.image === late.image ? Promise.reject(new Killed("dead")) : null),
  };
  await expect(env.promote(late, { platform })).rejects.toBeInstanceOf(Killed);
  await env.rollback();
  expect(env.platform.running?.image).toEqual(releases[1]!.image);
  expect((await env.history()).slice(-3)).toEqual(["promote done", "rollback intended", "rollback done"]);
});

test.each(["before", "after"] as const)("killed %s any call and run again, a rollback converges", async (when) => {
  const death = deathAt(0, when);
  for (let at = 1; at === 1 || death.dead; at++) {
    Object.assign(death, deathAt(at, when));
    const { env, releases } = await promoted("a", "b");
    await env.rollback(death).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    const left = await env.entries();
    expect(lie(left, env.platform), `killed ${when} call ${at}`).toBeNull();
    env.clock.advance(31 * 60_000);
    // Once the act is written down as done, to run it again asks for one release more, and there is none.
    const finished = left.at(-1)?.act === "rollback" && left.at(-1)?.phase === "done";
    if (finished) await expect(env.rollback()).rejects.toMatchObject(nothing);
    else await env.rollback();
    const entries = await env.entries();
    expect(entries.at(-1)).toMatchObject({ act: "rollback", phase: "done", image: releases[0]!.image });
    expect(lie(entries, env.platform), `run again after a kill ${when} call ${at}`).toBeNull();
  }
  expect(death.calls).toBeGreaterThan(20);
});

test("only what is not the release's fault stops a rollback", async () => {
  const { env } = await promoted("a", "b");
  env.oci.referrers = () => Promise.reject(new Error("no route to host"));
  await expect(env.rollback()).rejects.toThrow("no route to host");
  expect(env.notes).toEqual([]);
});
