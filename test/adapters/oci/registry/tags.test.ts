import { expect, onTestFinished, test } from "vitest";
import { bytesSource, emptyConfig, mediaTypes } from "../../../../src/adapters/oci/content.ts";
import type { OciStore } from "../../../../src/adapters/oci/store.ts";
import type { Switches } from "../../../fakes/registry/switches.ts";
import { storeOf } from "../../../fakes/registry/user.ts";
import { FakeRegistry } from "../../../fakes/registry.ts";

const { signal } = new AbortController();

async function registryWith(switches: Partial<Switches>) {
  const registry = await FakeRegistry.start(switches);
  onTestFinished(() => registry[Symbol.asyncDispose]());
  return { registry, store: storeOf(registry) };
}

async function putManifest(store: OciStore, tag: string): Promise<void> {
  const { digest, size } = await store.pushBlob(bytesSource(emptyConfig), null, signal);
  const body = { schemaVersion: 2, config: { mediaType: mediaTypes.empty, digest, size }, layers: [] };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  await store.putManifest({ mediaType: mediaTypes.manifest, bytes, tag }, signal);
}

/** A repository with this many tags. */
async function tagged(count: number, switches: Partial<Switches>) {
  const made = await registryWith(switches);
  await putManifest(made.store, "tag-00000");
  const { tags } = made.registry.repository("acme/digits");
  const digest = tags.get("tag-00000")!;
  for (let i = 1; i < count; i++) tags.set(`tag-${String(i).padStart(5, "0")}`, digest);
  return { ...made, all: [...tags.keys()] };
}

test.each<[string, number, Partial<Switches>, number]>([
  ["in pages of the registry's own length", 2500, { pageEntries: 100 }, 25],
  ["in full pages with a link", 2500, { pageEntries: 5000 }, 3],
  ["in full pages without a link", 2500, { tags: "pages" }, 3],
  ["in full pages without a link, the last one full too", 2000, { tags: "pages" }, 3],
  ["all at once, more than were asked for", 2500, { tags: "all" }, 1],
  ["all at once, as many as were asked for", 1000, { tags: "all" }, 2],
])("tags are listed to the last one %s", async (_how, count, switches, requests) => {
  const { registry, store, all } = await tagged(count, switches);
  expect(await store.tags("", signal)).toEqual(all);
  expect(registry.lines(/tags\/list/)).toHaveLength(requests);
});

test("a repository that is not there has no tags", async () => {
  const { store } = await registryWith({});
  expect(await store.tags("", signal)).toEqual([]);
});

test.each<[string, { status: number; code?: string }]>([
  ["says 404 in a proxy's words", { status: 404 }],
  ["says 404 of something else", { status: 404, code: "UNSUPPORTED" }],
  ["refuses", { status: 405, code: "UNSUPPORTED" }],
])("a registry that %s is not taken for one without tags", async (_what, trouble) => {
  const { registry, store } = await registryWith({});
  await putManifest(store, "latest");
  registry.switches.troubles.push({ when: /tags\/list/, ...trouble });
  await expect(store.tags("", signal)).rejects.toMatchObject({ problem: { code: "registry.refused" } });
});

test("a list that breaks off in the middle is no list", async () => {
  const { registry, store } = await tagged(200, { pageEntries: 100 });
  registry.switches.troubles.push({ when: /last=/, status: 404, code: "NAME_UNKNOWN" });
  await expect(store.tags("", signal)).rejects.toMatchObject({ problem: { code: "registry.refused" } });
});

test("a manifest whose blob the registry does not find for a moment is sent again", async () => {
  const { registry, store } = await registryWith({});
  registry.switches.troubles.push({ when: /PUT .*\/manifests\//, status: 400, code: "MANIFEST_BLOB_UNKNOWN" });
  await putManifest(store, "latest");
  expect(await store.tags("", signal)).toEqual(["latest"]);
  registry.switches.troubles.push({ when: /PUT .*\/manifests\//, status: 400, code: "MANIFEST_INVALID" });
  await expect(putManifest(store, "latest")).rejects.toMatchObject({ problem: { code: "registry.refused" } });
});
