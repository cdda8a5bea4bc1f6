import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { embeddedHost, type Image } from "../../domain/image.ts";
import { UserError, WorldError } from "../../domain/problem.ts";
import type { Release } from "../../domain/release.ts";
import type { Bundles } from "../../ports/bundles.ts";
import type { EvidenceStore } from "../../ports/evidence-store.ts";
import { checkTree, copyTree } from "../oci/copy.ts";
import { layoutStore } from "../oci/layout.ts";
import type { Descriptor, OciStore, OpenStore } from "../oci/store.ts";
import { writeWhole } from "../system/files.ts";

const tag = "modelgate-bundle";

const missing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

const damaged = (path: string, why: string): UserError =>
  new UserError([
    {
      code: "bundle.damaged",
      message: `the bundle ${path} cannot be used: ${why}`,
      hint: "Nothing was loaded. Copy it again from where it was made, and find out who could write to it.",
      at: { file: path },
    },
  ]);

/** Damage found while a bundle is read is an answer about the bundle. */
async function asDamage<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WorldError) throw damaged(path, error.message);
    throw error;
  }
}

/** All that index.json names is there: a statement whose listing was taken out must not be missed in silence. */
async function checkListed(path: string, store: OciStore, signal: AbortSignal): Promise<void> {
  const { manifests } = JSON.parse(await readFile(join(path, "index.json"), "utf8")) as { manifests: Descriptor[] };
  for (const { digest } of manifests)
    if (!(await store.manifest(digest, signal))) throw damaged(path, `index.json names ${digest}, which is not in it`);
}

/** What is made over the one store of a bundle. */
export interface BundleReaders {
  evidence(openStore: OpenStore): EvidenceStore;
  describe(openStore: OpenStore): (image: Image, signal: AbortSignal) => Promise<Release>;
}

/** Bundles as OCI image layout folders (https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md). */
export function layoutBundles(options: {
  openStore: OpenStore;
  /** Where a bundle is unpacked to. */
  repository: string;
  readers: BundleReaders;
}): Bundles {
  const { openStore, repository, readers } = options;
  return {
    async write({ repository: from, digest }, path, files, signal) {
      const there = await readdir(path).catch((error: unknown) => {
        if (missing(error)) return [];
        throw error;
      });
      if (there.length > 0)
        throw new UserError([
          {
            code: "bundle.path",
            message: `${path} is not empty`,
            hint: "Name a folder that is not there yet: a bundle is written whole.",
            at: { file: path },
          },
        ]);
      await mkdir(dirname(path), { recursive: true });
      const part = await mkdtemp(`${path}-`);
      try {
        const size = await copyTree(openStore(from), layoutStore(repository, part), { digest, tag }, signal);
        for (const [name, text] of Object.entries(files)) {
          await mkdir(dirname(join(part, name)), { recursive: true });
          await writeWhole(join(part, name), text);
        }
        await rename(part, path);
        return size;
      } finally {
        await rm(part, { recursive: true, force: true });
      }
    },
    async open(path, signal) {
      const inside = repository.startsWith(`${embeddedHost}/`) ? repository : `${embeddedHost}/${repository}`;
      const store = layoutStore(inside, path);
      const manifest = await asDamage(path, () => store.manifest(tag, signal));
      if (!manifest) throw damaged(path, "it holds no release");
      const image = { repository, digest: manifest.digest };
      const openBundle: OpenStore = () => store;
      return {
        image,
        evidence: readers.evidence(openBundle),
        describe: readers.describe(openBundle),
        check: (s) =>
          asDamage(path, async () => {
            await checkListed(path, store, s);
            return checkTree(store, image.digest, s);
          }),
        async unpack(s) {
          await copyTree(store, openStore(repository), { digest: image.digest, tag: null }, s);
          return image;
        },
      };
    },
  };
}
