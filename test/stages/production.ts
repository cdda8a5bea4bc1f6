import { createEvidenceStore, createLedgerStore } from "../../src/adapters/evidence/index.ts";
import { readManifest } from "../../src/adapters/oci/content.ts";
import type { Digest } from "../../src/domain/digest.ts";
import { byDigest, missing } from "../../src/domain/history.ts";
import { formatImage, type Image } from "../../src/domain/image.ts";
import { type LedgerEntry, lastDone, openActs } from "../../src/domain/ledger.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import type { Platform } from "../../src/ports/platform.ts";
import { isWithheld, type PromoteOptions, promote } from "../../src/stages/promote.ts";
import { type RollbackOptions, rollback } from "../../src/stages/rollback.ts";
import { fakeClock } from "../fakes/clock.ts";
import { type Death, mortal } from "../fakes/death.ts";
import { putImage } from "../fakes/image.ts";
import { memoryStore } from "../fakes/oci-store.ts";
import { fakePlatform } from "../fakes/platform.ts";
import { proofOf } from "../fakes/proof.ts";
import { releaseOf } from "../fakes/release.ts";
import { data, policy, verdictEvidence, verdictFor } from "../fakes/verdict.ts";

const { signal } = new AbortController();

/** An environment `production` with the real stores over a repository in memory, and releases in it by name. */
export function production() {
  const oci = memoryStore();
  const clock = fakeClock();
  const platform = fakePlatform();
  const releases = new Map<Digest, Release>();
  const notes: string[] = [];
  const evidence = createEvidenceStore({ openStore: () => oci, signer: null, verifier: null });
  const ledger = createLedgerStore(oci, clock);

  const describe = async (image: Image): Promise<Release> => {
    const release = releases.get(image.digest);
    if (release) return release;
    const message = `there is no ${formatImage(image)}`;
    throw new UserError([{ code: "release.not-found", message, hint: "Package it." }]);
  };

  /** The options of one run, which may die. */
  const optionsOf = (release: Release, death: Death | null): PromoteOptions => {
    const alive = { oci, platform: platform as Platform, builder: { describe } };
    const own = death
      ? { oci: mortal(oci, death), platform: mortal(alive.platform, death), builder: mortal(alive.builder, death) }
      : alive;
    return {
      environment: "production",
      release,
      platform: own.platform,
      evidence: createEvidenceStore({ openStore: () => own.oci, signer: null, verifier: null }),
      ledger: createLedgerStore(own.oci, clock),
      clock,
      source: { actor: "ada", commit: null, run: null },
      reason: "because",
      expectations: { policyDigest: policy, dataDigest: data, maxAgeMs: 24 * 3_600_000, signed: false },
      approve: async () => ({ state: "not-needed" }),
      describe: own.builder.describe,
      note: (text) => void notes.push(text),
      signal,
    };
  };

  return {
    clock,
    oci,
    platform,
    notes,
    releases,
    evidence,
    ledger,
    describe,
    /** Puts a release into the registry, without a verdict. */
    async packaged(name: string): Promise<Release> {
      const release = { ...releaseOf(name), image: await putImage(oci, name) };
      releases.set(release.image.digest, release);
      for (const kind of ["validation", "provenance"] as const) await evidence.attach(proofOf(release, kind), signal);
      return release;
    },
    /** Attaches what a verdict rests on, and a verdict; its fields may make it a bad one. */
    async judge(release: Release, fields: Partial<Verdict> = {}, status: "pass" | "fail" = "pass") {
      await evidence.attach(proofOf(release, "smoke"), signal);
      const evaluation = await evidence.attach(proofOf(release, "evaluation"), signal);
      return evidence.attach(verdictEvidence(release, verdictFor(release, { evaluation, ...fields }, status)), signal);
    },
    /** Puts a release with a passing verdict into the registry. */
    async proved(name: string): Promise<Release> {
      const release = await this.packaged(name);
      await this.judge(release);
      return release;
    },
    /** Changes the bytes of every statement about a release. */
    damage(release: Release): void {
      for (const manifest of oci.manifests.values()) {
        const { subject, layers = [] } = readManifest(manifest, oci.repository);
        if (subject?.digest === release.image.digest)
          for (const { digest } of layers) oci.blobs.set(digest, new TextEncoder().encode("{}"));
      }
    },
    /** Removes every statement about a release. */
    forget(release: Release): void {
      for (const manifest of oci.manifests.values())
        if (readManifest(manifest, oci.repository).subject?.digest === release.image.digest)
          oci.manifests.delete(manifest.digest);
    },
    async promote(release: Release, fields: Partial<PromoteOptions> = {}, death: Death | null = null) {
      const result = await promote({ ...optionsOf(release, death), ...fields });
      if (isWithheld(result)) throw new Error(`the promotion is ${result.state}`);
      return result;
    },
    /** Promotes what may take an approval. */
    ask: (release: Release, approve: PromoteOptions["approve"], death: Death | null = null) =>
      promote({ ...optionsOf(release, death), approve }),
    rollback: (death: Death | null = null, fields: Partial<RollbackOptions> = {}) =>
      rollback({ ...optionsOf(releaseOf("unused"), death), signed: false, ...fields }),
    entries: () => ledger.read("production", signal),
    /** The history, short: `promote intended`. */
    history: async () => (await ledger.read("production", signal)).map(({ act, phase }) => `${act} ${phase}`),
  };
}

export type Production = ReturnType<typeof production>;

/** Why the ledger says something that is not so, or null. An act that is open says nothing yet. */
export function lie(entries: readonly LedgerEntry[], platform: Production["platform"]): string | null {
  if (missing(byDigest(entries)).size > 0) return "an entry is gone";
  if (openActs(entries).length > 0) return null;
  const done = lastDone(entries);
  const says = done?.image.digest ?? "nothing";
  const runs = platform.running?.image.digest ?? "nothing";
  const bytes = done?.modelDigest === platform.running?.modelDigest;
  return says === runs && bytes ? null : `the ledger says ${says}, and ${runs} runs`;
}
