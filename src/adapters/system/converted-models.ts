import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { type Digest, hasher, hex } from "../../domain/digest.ts";
import { UserError } from "../../domain/problem.ts";
import type { ConvertedModels } from "../../ports/converted-models.ts";

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** @param state where they are kept. @param folder where paths of the user start. */
export function convertedModels(state: string, folder: string): ConvertedModels {
  const place = (key: Digest): string => join(state, "converted", hex(key));
  return {
    async find(key, name) {
      const path = join(place(key), name);
      return (await isThere(path)) ? path : null;
    },
    async make(key, name, work) {
      const own = `${place(key)}.${randomUUID()}.part`;
      await mkdir(own, { recursive: true });
      try {
        await work(join(own, name));
        if (!(await isThere(join(own, name))))
          throw new UserError([
            {
              code: "model.not-found",
              message: `the conversion ended well and wrote no ${name}`,
              hint: "It must write the model to the path in MODELGATE_CONVERTED.",
              at: { file: "modelgate.yml", key: "model.convert" },
            },
          ]);
        await rm(place(key), { recursive: true, force: true });
        await rename(own, place(key));
      } finally {
        await rm(own, { recursive: true, force: true });
      }
      return join(place(key), name);
    },
    async digestOf(path) {
      const whole = isAbsolute(path) ? path : join(folder, path);
      if (!(await isThere(whole))) return null;
      const hash = hasher();
      for await (const chunk of createReadStream(whole) as AsyncIterable<Buffer>) hash.update(chunk);
      return hash.digest();
    },
  };
}
