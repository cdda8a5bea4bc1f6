import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { UserError } from "../../../domain/problem.ts";

/** Opens a data file for reading. @throws UserError `data.not-found`. */
export async function openData(path: string, signal: AbortSignal): Promise<ReturnType<typeof createReadStream>> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile())
    throw new UserError([
      {
        code: "data.not-found",
        message: `there is no data file at ${path}`,
        hint: "Check evaluate.data; it is relative to the folder of modelgate.yml.",
        at: { file: path, key: "evaluate.data" },
      },
    ]);
  return createReadStream(path, { signal, highWaterMark: 2 ** 18 });
}
