import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll } from "vitest";
import { layoutBuilder } from "../../src/adapters/builders/layout.ts";
import { layoutStore } from "../../src/adapters/oci/layout.ts";
import { localPlatform } from "../../src/adapters/platforms/local.ts";
import { freePort } from "../fakes/free-port.ts";
import { tinyRelease } from "../fakes/tiny-release.ts";
import { architecture, fetching, runtimePack } from "../runtime/server.ts";
import { platformContract } from "./platform.ts";

beforeAll(() => runtimePack(), fetching);

async function make(port?: number) {
  const folder = await mkdtemp(join(tmpdir(), "modelgate-local-"));
  const openStore = (repository: string) => layoutStore(repository, join(folder, "registry"));
  const builder = layoutBuilder({ model: "tiny", openStore, architecture });
  const platform = localPlatform({ port }, { folder: join(folder, "slot"), openStore, searchPath: "" });
  return {
    platform,
    release: (variant: Parameters<typeof tinyRelease>[1]) => tinyRelease(builder, variant),
    async dispose() {
      await platform.remove(new AbortController().signal);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

platformContract("local", () => make());

platformContract("local on a fixed port", async () => make(await freePort()));
