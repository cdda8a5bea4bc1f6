import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { builders } from "../../src/adapters/builders/index.ts";
import { createOpenStore } from "../../src/adapters/oci/open.ts";
import { hex, sha256 } from "../../src/domain/digest.ts";
import { inspect, planOf, putBase, small } from "../contracts/builder.plan.ts";
import { builderContract } from "../contracts/builder.ts";
import { ociStoreContract } from "../contracts/oci-store.ts";
import { type RegistryEngine, startRegistry } from "./engines/registry.ts";

const { signal } = new AbortController();
const runHelper = (): Promise<never> => Promise.reject(new Error("no helper is configured"));

/** What `htpasswd -Bbn ada pass:word` prints. */
const login = "ada:$2b$05$abcdefghijklmnopqrstuuDIEddBSuRWBBEY6g5zv60IAP5bSSfki";
const ada = { username: "ada", password: "pass:word" };

let open: RegistryEngine;
let closed: RegistryEngine;
beforeAll(async () => {
  [open, closed] = await Promise.all([startRegistry(), startRegistry({ login })]);
});
afterAll(() => Promise.all([open, closed].map((engine) => engine[Symbol.asyncDispose]())));

const openStoreOf = (auths = {}) => createOpenStore({ layoutFolder: "/nowhere", dockerConfig: { auths }, runHelper });

let tests = 0;
/** Each test has repositories of its own: the registry stays. */
const fresh = (): string => `t${++tests}`;

ociStoreContract("in Debian's docker-registry", () => {
  const space = fresh();
  const openStore = openStoreOf();
  return Promise.resolve({
    open: (name) => openStore(`${open.host}/${space}/${name}`),
    close: () => Promise.resolve(),
  });
});

ociStoreContract("in Debian's docker-registry with a login", () => {
  const space = fresh();
  const openStore = openStoreOf({ [closed.host]: ada });
  return Promise.resolve({
    open: (name) => openStore(`${closed.host}/${space}/${name}`),
    close: () => Promise.resolve(),
  });
});

builderContract("registry over Debian's docker-registry", () => {
  const repository = `${open.host}/${fresh()}/digits`;
  const openStore = openStoreOf();
  return Promise.resolve({
    builder: builders.registry({ repository, openStore, architecture: "amd64" }),
    repository,
    openStore,
    close: () => Promise.resolve(),
  });
});

test("who has no login is told so, without a secret", async () => {
  for (const auths of [{}, { [closed.host]: { ...ada, password: "wr0ng" } }]) {
    const pushed = openStoreOf(auths)(`${closed.host}/acme/digits`).manifest("latest", signal);
    const error: unknown = await pushed.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ problem: { code: "registry.denied" } });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("wr0ng");
  }
});

test("a base of the same registry is mounted, and the manifest has the digest that the registry says", async () => {
  const openStore = openStoreOf();
  const space = fresh();
  const base = await putBase(openStore, `${open.host}/${space}/base`);
  const repository = `${open.host}/${space}/digits`;
  const builder = builders.registry({ repository, openStore, architecture: "amd64" });
  const { release, reusedBytes } = await builder.build(await planOf(small, base), signal);
  expect(reusedBytes).toBe(2 * "layer one".length);
  const answer = await fetch(`http://${open.host}/v2/${space}/digits/manifests/latest`, {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  expect(answer.headers.get("docker-content-digest")).toBe(release.image.digest);
  expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(release.image.digest);
  expect((await inspect(release.image, openStore)).config.architecture).toBe("amd64");
});

test("a layer that was changed in the registry's storage is noticed", async () => {
  const store = openStoreOf()(`${open.host}/${fresh()}/digits`);
  const bytes = Buffer.from("the model");
  const { digest } = await store.pushBlob(
    {
      digest: null,
      size: bytes.length,
      async *open() {
        yield bytes;
      },
    },
    null,
    signal,
  );
  const folder = join(open.storage, "docker/registry/v2/blobs/sha256", hex(digest).slice(0, 2), hex(digest));
  expect(await readdir(folder)).toEqual(["data"]);
  await writeFile(join(folder, "data"), "the m0del");
  const reading = async () => {
    for await (const _ of store.blob(digest, signal));
  };
  await expect(reading()).rejects.toMatchObject({ problem: { code: "registry.digest" } });
});

test("the image is the same in the registry and in a layout", async () => {
  const layoutFolder = await mkdtemp(join(tmpdir(), "modelgate-layout-"));
  onTestFinished(() => rm(layoutFolder, { recursive: true, force: true }));
  const openStore = createOpenStore({ layoutFolder, dockerConfig: null, runHelper });
  const repository = `${open.host}/${fresh()}/digits`;
  const made = [
    builders.registry({ repository, openStore, architecture: "amd64" }),
    builders.layout({ model: "digits", openStore, architecture: "amd64" }),
  ].map(async (builder) => (await builder.build(await planOf(small), signal)).release.image.digest);
  expect(new Set(await Promise.all(made)).size).toBe(1);
});
