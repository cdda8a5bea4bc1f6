import { inspect } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { instances } from "../../../src/adapters/signers/keyless/instances.ts";
import { keylessSigner } from "../../../src/adapters/signers/keyless.ts";
import { parseTrustedRoots } from "../../../src/adapters/signers/verifier/trusted-root.ts";
import { createTrustVerifier } from "../../../src/adapters/signers/verifier.ts";
import { UserError, WorldError } from "../../../src/domain/problem.ts";
import type { TrustedIdentity } from "../../../src/domain/signature.ts";
import { FakeSigstore, trustedJob } from "../../fakes/sigstore.ts";

const { signal } = new AbortController();
const statement = new TextEncoder().encode("{}");
const identity: TrustedIdentity = {
  issuer: trustedJob.iss,
  workflow: "acme/kit/.github/workflows/release.yml",
  repository: "acme/digits",
  ref: "refs/heads/main",
};

async function started(options: { logged?: boolean } = {}): Promise<FakeSigstore> {
  const sigstore = await FakeSigstore.start(options);
  onTestFinished(() => sigstore[Symbol.asyncDispose]());
  return sigstore;
}

const sign = ({ env, services }: FakeSigstore, instance: "github" | "public-good" | null = "github") =>
  keylessSigner({ instance, env, services }).sign(statement, signal);

async function check(
  sigstore: FakeSigstore,
  bundle: Uint8Array,
  root = sigstore.trustedRoot(),
  identities = [identity],
) {
  return (await verifierOf(root, identities).verify(bundle, signal)).signature;
}

const verifierOf = (root: string, identities = [identity]) =>
  createTrustVerifier({ keyFiles: [], identities, trustedRoot: "trusted_root.json" }, { readText: async () => root });

const codeOf = (signature: Awaited<ReturnType<typeof check>>): string =>
  signature.status === "refused" ? signature.problem.code : signature.status;

/** The JSON of a bundle with one thing changed. */
function changed(bundle: Uint8Array, change: (json: BundleJson) => void): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(bundle)) as BundleJson;
  change(json);
  return new TextEncoder().encode(JSON.stringify(json));
}

interface BundleJson {
  verificationMaterial: {
    certificate: { rawBytes: string };
    tlogEntries: Record<string, unknown>[];
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
}

test("the certificate's time is what the timestamp authority says", async () => {
  const sigstore = await started();
  sigstore.clocks.timestamp.setTime(sigstore.clocks.certificate.getTime() + 60_000);
  const signature = await check(sigstore, await sign(sigstore));
  expect(signature).toMatchObject({ status: "verified", at: sigstore.clocks.timestamp.toISOString() });
});

describe("a job that is not the trusted one is refused with its own code", () => {
  test.each<[string, Record<string, string>, string]>([
    ["a fork", { repository: "mallory/digits" }, "evidence.signer-repository"],
    [
      "another workflow",
      { certificate_subject: "https://github.com/acme/kit/.github/workflows/test.yml@refs/tags/v1" },
      "evidence.signer-workflow",
    ],
    ["another ref", { ref: "refs/heads/try" }, "evidence.signer-ref"],
    ["another issuer", { iss: "https://gitlab.example" }, "evidence.signer-issuer"],
    ["a person", { certificate_subject: "ada@acme.example" }, "evidence.signer-workflow"],
  ])("%s", async (_what, claims, code) => {
    const sigstore = await started();
    sigstore.claims = { ...trustedJob, ...claims };
    expect(codeOf(await check(sigstore, await sign(sigstore)))).toBe(code);
  });
});

describe("a certificate does not hold", () => {
  test.each([11, -1])("when it was not valid %d minutes after it was made, when it signed", async (minutes) => {
    const sigstore = await started();
    sigstore.clocks.certificate.setTime(sigstore.clocks.certificate.getTime() + 3_600_000);
    sigstore.clocks.timestamp.setTime(sigstore.clocks.certificate.getTime() + minutes * 60_000);
    const signature = await check(sigstore, await sign(sigstore));
    expect(signature).toMatchObject({
      problem: { code: "evidence.certificate", message: expect.stringMatching(/not valid or expired/) },
    });
  });

  test("when no trusted clock says when it signed", async () => {
    const sigstore = await started();
    const bundle = changed(await sign(sigstore), ({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData.rfc3161Timestamps = [];
    });
    expect(await check(sigstore, bundle)).toMatchObject({
      problem: { code: "evidence.certificate", message: expect.stringMatching(/expected 1 timestamps, got 0/) },
    });
  });

  test("when the clock is of somebody else, or of another signature", async () => {
    const sigstore = await started();
    const bundle = await sign(sigstore);
    expect(codeOf(await check(sigstore, bundle, sigstore.trustedRoot("timestampAuthorities")))).toBe(
      "evidence.certificate",
    );
    const other = JSON.parse(new TextDecoder().decode(await sign(sigstore))) as BundleJson;
    const moved = changed(bundle, ({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData = other.verificationMaterial.timestampVerificationData;
    });
    expect(codeOf(await check(sigstore, moved))).toBe("evidence.certificate");
  });

  test("when no certificate transparency log saw it, or one that is not trusted", async () => {
    const unseen = await started({ logged: false });
    expect(await check(unseen, await sign(unseen))).toMatchObject({
      problem: { code: "evidence.certificate", message: expect.stringMatching(/expected 1 SCTs, got 0/) },
    });
    const sigstore = await started();
    const root = sigstore.trustedRoot("ctlogs");
    expect(codeOf(await check(sigstore, await sign(sigstore), root))).toBe("evidence.certificate");
  });

  test("when a bit of it is turned over: it is of another key, of nobody, or no certificate", async () => {
    const sigstore = await started();
    const bundle = await sign(sigstore);
    const original = JSON.parse(new TextDecoder().decode(bundle)) as BundleJson;
    const der = Buffer.from(original.verificationMaterial.certificate.rawBytes, "base64");
    // What is signed, the algorithm, and a bit string: how many of its bits are unused is in nothing that anybody signed.
    const afterSigned = 8 + der.readUInt16BE(6);
    const unused = afterSigned + 2 + der[afterSigned + 1]! + 2;
    const verifier = verifierOf(sigstore.trustedRoot());
    for (let place = 0; place < der.length; place += 7) {
      const bent = changed(bundle, ({ verificationMaterial: { certificate } }) => {
        const bytes = Buffer.from(der);
        bytes[place]! ^= 4;
        certificate.rawBytes = bytes.toString("base64");
      });
      if (place !== unused)
        expect(codeOf((await verifier.verify(bent, signal)).signature), `byte ${place}`).toMatch(
          /^evidence\.(altered|certificate)$/,
        );
    }
  });

  test("of another signature, and the signature is altered", async () => {
    const sigstore = await started();
    const other = JSON.parse(new TextDecoder().decode(await sign(sigstore))) as BundleJson;
    const bundle = changed(await sign(sigstore), ({ verificationMaterial }) => {
      verificationMaterial.certificate = other.verificationMaterial.certificate;
    });
    expect(codeOf(await check(sigstore, bundle))).toBe("evidence.altered");
  });
});

describe("the public-good instance", () => {
  test("is a clock too: an entry of its log stands for a timestamp", async () => {
    const sigstore = await started();
    const bundle = changed(await sign(sigstore, "public-good"), ({ verificationMaterial }) => {
      verificationMaterial.timestampVerificationData.rfc3161Timestamps = [];
    });
    expect(codeOf(await check(sigstore, bundle))).toBe("verified");
  });

  test("signed when the first of its clocks says", async () => {
    const sigstore = await started();
    const later = new Date(sigstore.clocks.timestamp.getTime() + 300_000);
    sigstore.clocks.timestamp.setTime(later.getTime());
    const signature = await check(sigstore, await sign(sigstore, "public-good"));
    if (signature.status !== "verified") throw new Error("it is not verified");
    expect(Date.parse(signature.at!)).toBeLessThan(later.getTime());
  });

  test("whose entry is about something else makes the bundle altered", async () => {
    const sigstore = await started();
    const other = JSON.parse(new TextDecoder().decode(await sign(sigstore, "public-good"))) as BundleJson;
    const bundle = changed(await sign(sigstore, "public-good"), ({ verificationMaterial }) => {
      verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries;
    });
    expect(codeOf(await check(sigstore, bundle))).toBe("evidence.altered");
  });

  test("whose log is not trusted makes the bundle altered, whatever the timestamp says", async () => {
    const sigstore = await started();
    const bundle = await sign(sigstore, "public-good");
    expect(codeOf(await check(sigstore, bundle, sigstore.trustedRoot("tlogs")))).toBe("evidence.altered");
  });
});

test("an entry whose answer was lost is asked for again", async () => {
  const sigstore = await started();
  sigstore.conflict = true;
  expect(codeOf(await check(sigstore, await sign(sigstore, "public-good")))).toBe("verified");
  expect(sigstore.seen.filter((path) => path.includes("log/entries"))).toEqual([
    "/good/api/v1/log/entries",
    "/api/v1/log/entries/known",
  ]);
});

describe("the instance", () => {
  test.each([
    ["public", "/good"],
    ["private", "/github"],
    ["internal", "/github"],
    ["", "/github"],
  ])("of a repository that is %j is the one whose log may know its name", async (visibility, path) => {
    const sigstore = await started();
    sigstore.claims = { ...trustedJob, repository_visibility: visibility };
    await sign(sigstore, null);
    expect(sigstore.seen.filter((seen) => seen.includes("signingCert"))).toEqual([`${path}/api/v2/signingCert`]);
    expect(sigstore.seen.some((seen) => seen.includes("log/entries"))).toBe(visibility === "public");
  });

  test("is where it is: GitHub's own by the name of its server", () => {
    expect(instances("https://github.com")).toMatchObject({
      "public-good": { fulcio: "https://fulcio.sigstore.dev", rekor: "https://rekor.sigstore.dev" },
      github: { fulcio: "https://fulcio.githubapp.com", timestamp: "https://timestamp.githubapp.com", rekor: null },
    });
    expect(instances("https://acme.ghe.com").github.fulcio).toBe("https://fulcio.acme.ghe.com");
  });
});

describe("trusted roots", () => {
  test("may be several, a line each, as gh writes them", async () => {
    const [sigstore, other] = [await started(), await started()];
    const lines = `${other.trustedRoot()}\n${sigstore.trustedRoot()}\n`;
    expect(codeOf(await check(sigstore, await sign(sigstore), lines))).toBe("verified");
  });

  test.each(["", "not json", "{}", "[1]"])("that cannot be read (%j) are the user's to mend", async (root) => {
    const sigstore = await started();
    await expect(check(sigstore, await sign(sigstore), root)).rejects.toMatchObject({
      problems: [{ code: "config.value", at: { file: "trusted_root.json" } }],
    });
  });

  test("are fetched when a certificate is met and no file is named, once", async () => {
    const sigstore = await started();
    let fetched = 0;
    const fetchRoots = async () => {
      fetched++;
      if (fetched === 1) throw new Error("no network");
      return parseTrustedRoots(sigstore.trustedRoot(), "root");
    };
    const trust = { keyFiles: [], identities: [identity], trustedRoot: null };
    const verifier = createTrustVerifier(trust, { readText: async () => null, fetchRoots });
    const bundle = await sign(sigstore);
    await verifier.verify(new TextEncoder().encode("{}"), signal);
    expect(fetched).toBe(0);
    await expect(verifier.verify(bundle, signal)).rejects.toThrow("no network");
    for (const _ of [1, 2]) expect((await verifier.verify(bundle, signal)).signature.status).toBe("verified");
    expect(fetched).toBe(2);
  });
});

describe("signing fails with", () => {
  const failure = async (
    sigstore: FakeSigstore,
    instance: "github" | "public-good" = "github",
  ): Promise<WorldError> => {
    const error: unknown = await sign(sigstore, instance).catch((caught: unknown) => caught);
    if (!(error instanceof WorldError)) throw error;
    return error;
  };

  test("the line to add, in a job that may not ask for a token", async () => {
    const error: unknown = await keylessSigner({ instance: "github", env: {} })
      .sign(statement, signal)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    const [problem] = (error as UserError).problems;
    expect(problem).toMatchObject({ code: "signing.no-oidc" });
    expect(problem?.hint).toContain("permissions: id-token: write");
  });

  test.each([
    ["/github/api/v2/signingCert", "Fulcio", "github"],
    ["/api/v1/timestamp", "timestamp authority", "github"],
    ["/api/v1/log/entries", "Rekor", "public-good"],
  ] as const)("the service that failed: %s", async (path, service, instance) => {
    const sigstore = await started();
    sigstore.failing.set(path, { status: 503, message: "down for a while" });
    const busy = await failure(sigstore, instance);
    expect(busy).toMatchObject({ problem: { code: "signing.sigstore" }, retryable: true });
    expect(busy.side).toContain(service);
    expect(busy.message).toContain("down for a while");
    sigstore.failing.set(path, { status: 400, message: "no" });
    expect(await failure(sigstore, instance)).toMatchObject({ retryable: false });
  });

  test("the service that is not there", async () => {
    const sigstore = await started();
    const nowhere = { fulcio: "http://127.0.0.1:1", timestamp: sigstore.url, rekor: null };
    const services = { github: nowhere, "public-good": nowhere };
    const signer = keylessSigner({ instance: "github", env: sigstore.env, services });
    await expect(signer.sign(statement, signal)).rejects.toMatchObject({
      problem: { code: "signing.sigstore" },
      retryable: true,
    });
  });

  test.each([
    [403, "{}", /answered 403/],
    [200, "{}", /holds no token/],
    [200, '{"value":"a.b.c"}', /holds no token/],
    [200, "<html>", /holds no token/],
  ])("what the token service did: %d %s", async (status, body, why) => {
    const sigstore = await started();
    sigstore.tokenAnswer = { status, body };
    const error = await failure(sigstore);
    expect(error).toMatchObject({ problem: { code: "signing.sigstore" }, retryable: false });
    expect(error.message).toMatch(why);
  });

  test.each(["/github/api/v2/signingCert", "/api/v1/timestamp"])("an answer that is none: %s", async (path) => {
    const sigstore = await started();
    sigstore.failing.set(path, { status: 200, message: "all is well" });
    const error = await failure(sigstore);
    expect(error).toMatchObject({ retryable: false });
    expect(error.message).toContain("not of the form it should have");
  });

  test("an answer of the log that is none", async () => {
    const sigstore = await started();
    sigstore.failing.set("log/entries", { status: 201, message: "all is well" });
    expect((await failure(sigstore, "public-good")).message).toContain("not of the form it should have");
  });

  test("the reason it was told to stop, while a service is silent", async () => {
    const sigstore = await started();
    sigstore.silent = true;
    const controller = new AbortController();
    const { env, services } = sigstore;
    const signed = keylessSigner({ instance: "github", env, services }).sign(statement, controller.signal);
    await sigstore.asked;
    controller.abort(new Error("stop"));
    await expect(signed).rejects.toThrow("stop");
  });

  test("no token in its message, whatever a service repeats of it", async () => {
    const sigstore = await started();
    const { token } = sigstore;
    sigstore.failing.set("signingCert", { status: 400, message: `bad token: ${token}` });
    const error = await failure(sigstore);
    expect(error.message).toContain("bad token: ***");
    expect(inspect(error, { depth: 9 })).not.toContain(token);
  });
});
