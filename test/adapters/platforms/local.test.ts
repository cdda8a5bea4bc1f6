import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { layoutStore } from "../../../src/adapters/oci/layout.ts";
import { type LocalOptions, localPlatform } from "../../../src/adapters/platforms/local.ts";
import { detachedWith, startDetached } from "../../../src/adapters/system/processes.ts";
import { hex } from "../../../src/domain/digest.ts";
import { WorldError } from "../../../src/domain/problem.ts";
import type { Release } from "../../../src/domain/release.ts";
import { freePort } from "../../fakes/free-port.ts";
import { scriptRelease } from "../../fakes/script-release.ts";

const { signal } = new AbortController();

async function place() {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-local-"));
  const slot = join(folder, "slot");
  const openStore = (repository: string) => layoutStore(repository, join(folder, "registry"));
  const platform = (options: LocalOptions = {}) => localPlatform(options, { folder: slot, openStore, searchPath: "" });
  onTestFinished(async () => {
    await platform().remove(signal);
    await rm(folder, { recursive: true, force: true });
  });
  const release = (name: string, script?: Parameters<typeof scriptRelease>[2]) =>
    scriptRelease(openStore, name, script);
  const modelFile = ({ image }: Release) => join(slot, "images", hex(image.digest), "models/tiny/tiny.onnx");
  return { folder, slot, platform, release, modelFile, marked: () => detachedWith(`MODELGATE_SLOT=${slot}`) };
}

const asked = async (url: string): Promise<{ name: string; env: string[]; cwd: string }> =>
  (await (await fetch(url)).json()) as never;

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

test("a process gets the image's environment and no more of ours than it needs", async () => {
  const { platform, release } = await place();
  const { running } = await platform().deploy(await release("a"), signal);
  const { env, cwd } = await asked(running.endpoint.url);
  expect(env.toSorted()).toEqual(["HOST", "MODELGATE_SLOT", "NAME", "PATH", "PORT", "TMPDIR"]);
  expect(cwd).toMatch(/images\/[0-9a-f]{64}$/);
});

test("one changed byte of the model on disk shows, and deploying again puts the right bytes back", async () => {
  const { platform, release, modelFile } = await place();
  const good = await release("a");
  const first = await platform().deploy(good, signal);
  await writeFile(modelFile(good), "model b");
  const changed = await platform().current(signal);
  expect(changed?.image).toEqual(good.image);
  expect(changed?.modelDigest).not.toBe(good.model.digest);
  const second = await platform().deploy(good, signal);
  expect(second.running.modelDigest).toBe(good.model.digest);
  expect(second.replaced?.modelDigest).toBe(changed?.modelDigest);
  expect(second.running.endpoint.url).not.toBe(first.running.endpoint.url);
  expect(await readFile(modelFile(good), "utf8")).toBe("model a");
});

test("a file added to the model shows", async () => {
  const { platform, release, modelFile } = await place();
  const good = await release("a");
  await platform().deploy(good, signal);
  await writeFile(`${modelFile(good)}.more`, "");
  expect((await platform().current(signal))?.modelDigest).not.toBe(good.model.digest);
});

test("changed bytes of a release that does not run are not run later", async () => {
  const { platform, release, modelFile } = await place();
  const good = await release("a");
  const { running } = await platform().deploy(good, signal);
  const [identity] = await detachedWith(`MODELGATE_SLOT=${join(modelFile(good), "../../../../..")}`);
  process.kill(identity!.pid, "SIGKILL");
  await expect.poll(() => platform().current(signal)).toBeNull();
  await writeFile(modelFile(good), "model b");
  const again = await platform().deploy(good, signal);
  expect(again.running).toMatchObject({ image: running.image, modelDigest: good.model.digest });
});

test("the old release serves until the new one is ready, then finishes what it has begun", async () => {
  const { platform, release, slot } = await place();
  const [a, b] = [await release("a"), await release("b")];
  const first = await platform().deploy(a, signal);
  const slow = fetch(`${first.running.endpoint.url}/slow`).then((answer) => answer.text());
  await expect.poll(() => readFile(join(slot, `${hex(a.image.digest).slice(0, 12)}.log`), "utf8")).toContain("slow");
  const { running, interruption } = await platform().deploy(b, signal);
  expect(await slow).toBe("finished by a");
  expect((await asked(running.endpoint.url)).name).toBe("b");
  expect(interruption).toBe(
    `The address changed from ${first.running.endpoint.url} to ${running.endpoint.url}; clients that keep the old one lose it.`,
  );
});

test("a process that ends is told with its exit and its last lines, and leaves nothing behind", async () => {
  const { platform, release, marked } = await place();
  const error = await failure(platform().deploy(await release("a", "exits"), signal));
  expect(error).toBeInstanceOf(WorldError);
  expect((error as WorldError).problem).toMatchObject({
    code: "platform.exited",
    message: expect.stringMatching(/its process ended\. Its last lines:\nline one\nthe disk is full$/),
  });
  expect(await marked()).toEqual([]);
});

test("a process that hangs is ended when its time is over", async () => {
  const { platform, release, marked } = await place();
  const error = await failure(platform({ readyWithin: 300 }).deploy(await release("a", "hangs"), signal));
  expect((error as WorldError).problem).toMatchObject({
    code: "platform.not-ready",
    message: expect.stringMatching(/not ready after 0\.3 s\. Its last lines:\nhanging$/),
  });
  expect(await marked()).toEqual([]);
});

test("an abort ends the process that was not ready yet", async () => {
  const { platform, release, marked } = await place();
  const stop = new AbortController();
  const deploying = failure(platform().deploy(await release("a", "hangs"), stop.signal));
  await expect.poll(marked).toHaveLength(1);
  stop.abort(new Error("enough"));
  expect(await deploying).toEqual(new Error("enough"));
  expect(await marked()).toEqual([]);
});

test("a fixed port stays the same, and the gap is said", async () => {
  const { platform, release } = await place();
  const port = await freePort();
  const fixed = platform({ port });
  const first = await fixed.deploy(await release("a"), signal);
  const second = await fixed.deploy(await release("b"), signal);
  expect([first.running.endpoint.url, second.running.endpoint.url]).toEqual(Array(2).fill(`http://127.0.0.1:${port}`));
  expect([first.interruption, second.interruption]).toEqual([
    "",
    `http://127.0.0.1:${port} was closed while the release was replaced.`,
  ]);
  expect((await asked(second.running.endpoint.url)).name).toBe("b");
});

test("a release that only fails on the fixed port gives the port back to the old one", async () => {
  const { platform, release } = await place();
  const fixed = platform({ port: await freePort() });
  const first = await fixed.deploy(await release("a"), signal);
  const error = await failure(fixed.deploy(await release("b", "needs a free port"), signal));
  expect((error as WorldError).problem.message).toContain("port taken by somebody else");
  expect(await fixed.current(signal)).toEqual(first.running);
  expect((await asked(first.running.endpoint.url)).name).toBe("a");
});

test("the same release moves when the configuration gives it a port", async () => {
  const { platform, release } = await place();
  const good = await release("a");
  const before = await platform().deploy(good, signal);
  const port = await freePort();
  const { running, replaced, interruption } = await platform({ port }).deploy(good, signal);
  expect(running.endpoint.url).toBe(`http://127.0.0.1:${port}`);
  expect(replaced).toEqual(before.running);
  expect(interruption).toMatch(/^The address changed/);
});

test("what nothing runs any more is removed from disk", async () => {
  const { platform, release, slot } = await place();
  await platform().deploy(await release("a"), signal);
  const b = await release("b");
  await platform().deploy(b, signal);
  expect(await readdir(join(slot, "images"))).toEqual([hex(b.image.digest)]);
  await platform().remove(signal);
  expect(await readdir(join(slot, "images"))).toEqual([]);
});

test("a deployment that was killed while it waited is cleared up by the next one", async () => {
  const { platform, release, folder, marked } = await place();
  const good = await release("a");
  const first = await platform().deploy(good, signal);
  const hanging = await release("b", "hangs");
  const script = join(import.meta.dirname, "local/deploy.mjs");
  const child = spawn(process.execPath, ["--no-warnings", script, folder, JSON.stringify(hanging)], {
    stdio: "inherit",
  });
  const ended = once(child, "exit");
  await expect.poll(marked, { timeout: 15_000 }).toHaveLength(2);
  child.kill("SIGKILL");
  await ended;
  expect(await platform().current(signal)).toEqual(first.running);
  const again = await platform().deploy(good, signal);
  expect(again.running).toEqual(first.running);
  expect(await marked()).toHaveLength(1);
});

test.runIf(process.platform === "linux")("a process that nobody wrote down is found by its mark", async () => {
  const { platform, release, slot, marked } = await place();
  await platform().deploy(await release("a"), signal);
  const words = ["-e", "setInterval(() => {}, 1000)"];
  await startDetached(process.execPath, words, {
    cwd: slot,
    env: { MODELGATE_SLOT: slot },
    log: join(slot, "orphan.log"),
  });
  expect(await marked()).toHaveLength(2);
  await platform().deploy(await release("b"), signal);
  expect(await marked()).toHaveLength(1);
});

test("an image that is not in the registry is a problem of its own", async () => {
  const { platform, release, folder } = await place();
  const good = await release("a");
  await rm(join(folder, "registry"), { recursive: true });
  const error = await failure(platform().deploy(good, signal));
  expect((error as WorldError).problem.code).toBe("release.not-found");
});
