import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Consumer, dispatch, keyless, makeConsumer, newKey, type Signing } from "../e2e/engines/consumer/index.ts";
import { type Machine, startMachine } from "../e2e/engines/machine.ts";
import { printedBy, runScenario } from "../e2e/engines/scenario.ts";

const project = join(import.meta.dirname, "../..");

/** A program as scripts/interop.ts builds it. @throws Error when it is missing. */
function program(name: string): string {
  const path = join(project, ".cache/go", name);
  if (existsSync(path)) return path;
  throw new Error(`${path} is missing: npm run test:interop builds it`);
}
const [cosign, gh] = [program("cosign"), program("gh")];

interface Said {
  status: number | null;
  text: string;
}

let folder: string;
let machine: Machine;
const consumers: Consumer[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "modelgate-interop-"));
  machine = await startMachine();
});
afterAll(async () => {
  for (const consumer of consumers) consumer.remove();
  await machine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program with no network but loopback, and no identity of its own. */
function run(command: string, words: readonly string[]): Said {
  const env = { PATH: process.env["PATH"], HOME: folder, GH_TOKEN: "none", SIGSTORE_NO_CACHE: "1", TUF_ROOT: folder };
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", env, timeout: 60_000 });
  return { status, text: `${stdout}${stderr}` };
}

/** Releases a model. @returns its image, in the registry behind ghcr.io. */
async function released(name: string, signing: Signing): Promise<string> {
  const { base } = machine;
  const consumer = await makeConsumer({ registry: "ghcr.io/acme", base, signing, models: [name], platform: "local" });
  consumers.push(consumer);
  const ran = await runScenario(machine, consumer, "model.yml", dispatch(consumer.git));
  expect(ran.exitCode, printedBy(ran)).toBe(0);
  const image = Object.values(ran.jobOutputs[`Build ${name}`]!)[0]!["image"]!;
  return image.replace("ghcr.io", machine.registry.host);
}

const types = [
  ...["validation", "smoke", "evaluation", "verdict"].map((kind) => `https://modelgate.dev/${kind}/v1`),
  "https://slsa.dev/provenance/v1",
  "https://cyclonedx.org/bom",
];

interface Manifest {
  layers: { digest: string }[];
  manifests: { digest: string; annotations?: Record<string, string> }[];
}

async function read(image: string, what: string): Promise<Response> {
  const [repository] = image.split("@");
  const [host, ...path] = repository!.split("/");
  const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
  return fetch(`http://${host}/v2/${path.join("/")}/${what}`, { headers: { accept } });
}

/** The bundle about an image whose predicate is of a type, as it lies in the registry. */
async function bundleOf(image: string, type: string): Promise<string> {
  const [, digest] = image.split("@");
  const index = (await (await read(image, `manifests/${digest!.replace(":", "-")}`)).json()) as Manifest;
  const entry = index.manifests.find(({ annotations }) => annotations?.["dev.sigstore.bundle.predicateType"] === type);
  const manifest = (await (await read(image, `manifests/${entry!.digest}`)).json()) as Manifest;
  return (await read(image, `blobs/${manifest.layers[0]!.digest}`)).text();
}

/** The image's manifest as a file: its digest is the subject. */
async function subjectFile(image: string): Promise<string> {
  const path = join(folder, "manifest.json");
  const answer = await read(image, `manifests/${image.split("@")[1]}`);
  writeFileSync(path, Buffer.from(await answer.arrayBuffer()));
  return path;
}
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** The same bundle with one bit of its statement changed. */
function flipped(bundle: string): string {
  const parsed = JSON.parse(bundle) as { dsseEnvelope: { payload: string } };
  const payload = Buffer.from(parsed.dsseEnvelope.payload, "base64");
  payload[payload.length - 10]! ^= 1;
  parsed.dsseEnvelope.payload = payload.toString("base64");
  return JSON.stringify(parsed);
}

const issuer = "https://token.actions.githubusercontent.com";
const workflow = "https://github.com/modelgate/modelgate/.github/workflows/release.yml";

describe("signed with the job's identity", () => {
  let image: string;
  const identity = (name = workflow) => [
    ...["--certificate-identity-regexp", `^${name.replaceAll(".", "\\.")}@`],
    ...["--certificate-oidc-issuer", issuer],
  ];
  const offline = () => [
    "--trusted-root",
    machine.github.trustedRootFile,
    "--use-signed-timestamps",
    "--insecure-ignore-tlog",
  ];
  beforeAll(async () => {
    image = await released("keyless", keyless(machine.github));
  });

  test.each(types)("cosign finds and accepts the %s of the image", (type) => {
    const words = ["verify-attestation", "--type", type, ...identity(), ...offline(), "--allow-http-registry", image];
    const said = run(cosign, words);
    expect(said.status, said.text).toBe(0);
  });

  test("cosign refuses another workflow, and a predicate that was not stated", () => {
    const words = (name: string, type: string) => [
      ...["verify-attestation", "--type", type, ...identity(name), ...offline(), "--allow-http-registry", image],
    ];
    expect(run(cosign, words(workflow.replace("release", "other"), types[3]!)).status).not.toBe(0);
    expect(run(cosign, words(workflow, "https://modelgate.dev/nothing/v1")).status).not.toBe(0);
  });

  test("cosign accepts the bundle as a file, and refuses it with one bit changed", async () => {
    const bundle = await bundleOf(image, types[3]!);
    const subject = await subjectFile(image);
    const words = (path: string) => [
      ...["verify-blob-attestation", "--bundle", path, "--type", types[3]!, ...identity(), ...offline(), subject],
    ];
    const said = run(cosign, words(write("bundle.json", bundle)));
    expect(said.status, said.text).toBe(0);
    expect(run(cosign, words(write("flipped.json", flipped(bundle)))).status).not.toBe(0);
  });

  test("gh accepts it for the repository and the workflow, and refuses others, other bytes and another predicate", async () => {
    const bundle = write("bundle.json", await bundleOf(image, types[3]!));
    const subject = await subjectFile(image);
    // As of GitHub's own instance, which has no log; and gh reads no line that does not end.
    const root = JSON.parse(readFileSync(machine.github.trustedRootFile, "utf8")) as object;
    const roots = write("trusted_root.jsonl", `${JSON.stringify({ ...root, tlogs: [] })}\n`);
    const words = (change: Partial<Record<"bundle" | "repo" | "workflow" | "type" | "subject", string>> = {}) => [
      ...["attestation", "verify", change.subject ?? subject, "--bundle", change.bundle ?? bundle],
      ...["--custom-trusted-root", roots],
      ...["--repo", change.repo ?? "acme/models"],
      ...["--signer-workflow", change.workflow ?? "modelgate/modelgate/.github/workflows/release.yml"],
      ...["--predicate-type", change.type ?? types[3]!],
    ];
    const said = run(gh, words());
    expect(said.status, said.text).toBe(0);
    for (const change of [
      { repo: "mallory/models" },
      { workflow: "modelgate/modelgate/.github/workflows/other.yml" },
      { type: "https://slsa.dev/provenance/v1" },
      { subject: write("other.json", "{}") },
      { bundle: write("flipped.json", flipped(await bundleOf(image, types[3]!))) },
    ])
      expect(run(gh, words(change)).status, JSON.stringify(change)).not.toBe(0);
  });
});

describe("signed with a key", () => {
  let image: string;
  const own = newKey();
  const other = newKey();
  beforeAll(async () => {
    image = await released("keyed", own);
  });

  test("cosign accepts the verdict with the key, and refuses another key and one bit changed", async () => {
    const [key, strange] = [write("own.pub", own.publicKey), write("other.pub", other.publicKey)];
    const words = (pub: string) => [
      ...[
        "verify-attestation",
        "--type",
        types[3]!,
        "--key",
        pub,
        "--insecure-ignore-tlog",
        "--allow-http-registry",
        image,
      ],
    ];
    const said = run(cosign, words(key));
    expect(said.status, said.text).toBe(0);
    expect(run(cosign, words(strange)).status).not.toBe(0);
    const bundle = await bundleOf(image, types[3]!);
    const subject = await subjectFile(image);
    const blob = (path: string) => [
      ...[
        "verify-blob-attestation",
        "--bundle",
        path,
        "--type",
        types[3]!,
        "--key",
        key,
        "--insecure-ignore-tlog",
        subject,
      ],
    ];
    const accepted = run(cosign, blob(write("bundle.json", bundle)));
    expect(accepted.status, accepted.text).toBe(0);
    expect(run(cosign, blob(write("flipped.json", flipped(bundle)))).status).not.toBe(0);
  });
});
