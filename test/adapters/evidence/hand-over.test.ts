import { expect, test } from "vitest";
import { pushLayer, putArtifact } from "../../../src/adapters/evidence/artifact/manifest.ts";
import { handOverTag } from "../../../src/adapters/evidence/hand-over.ts";
import { createHandOver } from "../../../src/adapters/evidence/index.ts";
import { legCommands } from "../../../src/domain/hand-over.ts";
import { handedOverOf } from "../../fakes/handed-over.ts";
import { memoryStore } from "../../fakes/oci-store.ts";

const { signal } = new AbortController();
const key = { run: "42", attempt: 1, model: "digits", command: "package" } as const;
const type = "application/vnd.modelgate.hand-over.v1+json";

/** A repository in which an artifact of somebody stands at the tag of the record. */
async function withArtifact(text: string, artifactType = type) {
  const oci = memoryStore();
  const bytes = new TextEncoder().encode(text);
  const layer = { ...(await pushLayer(oci, type, bytes, signal)), data: Buffer.from(bytes).toString("base64") };
  const tag = handOverTag(key);
  await putArtifact(oci, { artifactType, layers: [layer], subject: null, annotations: {}, tag }, signal);
  return createHandOver(oci);
}

const record = handedOverOf("package");

test.each<[string, string, RegExp]>([
  ["is no JSON", "{", /it is not JSON/],
  ["lacks something", JSON.stringify({ ...record, image: undefined }), /image /],
  ["has something that is not known", JSON.stringify({ ...record, more: 1 }), /more/],
  ["names no digest", JSON.stringify({ ...record, image: { ...record.image, digest: "latest" } }), /image\.digest/],
  ["is about another model", JSON.stringify({ ...record, model: "faces" }), /package of faces/],
  ["is about another command", JSON.stringify({ ...record, command: "gate" }), /gate of digits/],
  ["is of another attempt", JSON.stringify({ ...record, attempt: 2 }), /attempt 2/],
])("a record that %s is refused, and where it stands is said", async (_what, text, why) => {
  const found = (await withArtifact(text)).find(key, signal);
  await expect(found).rejects.toMatchObject({ problems: [{ code: "hand-over.damaged" }] });
  await expect(found).rejects.toThrow(why);
  await expect(found).rejects.toThrow(handOverTag(key));
});

test("something else under the tag is refused", async () => {
  const found = (await withArtifact(JSON.stringify(record), "application/vnd.other")).find(key, signal);
  await expect(found).rejects.toThrow(/no record of modelgate/);
});

test("tags are as registries take them, whatever a model is called", () => {
  for (const command of legCommands)
    for (const model of ["a", "a.b_c-d", "m".repeat(100)]) {
      const tag = handOverTag({ run: "9".repeat(20), attempt: 50, model, command });
      expect(tag).toMatch(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
    }
});

test("a headline is cut: the record is read with its manifest", async () => {
  const handOver = createHandOver(memoryStore());
  await handOver.leave("42", { ...record, headline: "x".repeat(10 ** 6) }, signal);
  expect((await handOver.find(key, signal))?.headline).toHaveLength(2000);
});
