import { formatImage } from "../domain/image.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { UserError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import type { Bundle } from "../ports/bundles.ts";
import { releaseOf } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

/** The files that say whose signatures count. They are copies to compare with: trust is never taken from a bundle. */
async function trustFiles({ config, readText, resolve }: Workshop): Promise<Record<string, string>> {
  const { keyFiles, trustedRoot } = config.trust;
  const files: Record<string, string> = {};
  for (const [index, file] of [...keyFiles, ...(trustedRoot ? [trustedRoot] : [])].entries()) {
    const text = await readText(resolve(file));
    if (text !== null) files[`trust/${index + 1}-${file.split("/").at(-1)}`] = text;
  }
  return files;
}

/** Writes a release with all its evidence to a folder. */
export async function bundleCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  if (request.bundle === null)
    throw new UserError([
      {
        code: "input.missing",
        message: "bundle needs a folder to write to",
        hint: "Name one that is not there yet: modelgate bundle --bundle digits-1",
      },
    ]);
  const path = shop.fromWorkingFolder(request.bundle);
  const release = await releaseOf(shop, request, signal);
  const files = await trustFiles(shop);
  const { blobs, bytes } = await shop.host.step("bundle", () => shop.bundles.write(release.image, path, files, signal));
  return {
    ...emptyOutcome,
    command: "bundle",
    verdict: "none",
    headline: `${path} holds ${formatImage(release.image)} with its evidence`,
    model: release.model,
    image: release.image,
    notes: [`${blobs} blobs, ${bytes} bytes`],
    files: { bundle: path },
  };
}

/** A bundle that was opened, every byte of it read, and the workshop in which its evidence is the evidence. */
export interface OpenedBundle {
  bundle: Bundle;
  release: Release;
  inside: Workshop;
}

/** Opens the bundle a request names. @throws UserError `bundle.damaged` before anything of it is used. */
export async function openBundle(shop: Workshop, path: string, signal: AbortSignal): Promise<OpenedBundle> {
  const bundle = await shop.bundles.open(shop.fromWorkingFolder(path), signal);
  await shop.host.step("check", () => bundle.check(signal));
  const release = await bundle.describe(bundle.image, signal);
  if (release.model.name !== shop.config.model.name)
    throw new UserError([
      {
        code: "bundle.damaged",
        message: `the bundle holds ${release.model.name}, and ${shop.config.file} is about ${shop.config.model.name}`,
        hint: "Name the configuration of the bundle's model with --config.",
        at: { file: shop.config.file, key: "model.name" },
      },
    ]);
  return { bundle, release, inside: { ...shop, evidence: bundle.evidence } };
}
