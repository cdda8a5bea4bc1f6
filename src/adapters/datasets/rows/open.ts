import { constants, createReadStream, type ReadStream } from "node:fs";
import { access, stat } from "node:fs/promises";
import { UserError } from "../../../domain/problem.ts";

/** Opens a data file for reading. @throws UserError `data.not-found`. */
export async function openData(path: string, signal: AbortSignal): Promise<ReadStream> {
  const fail = (message: string, hint: string): UserError =>
    new UserError([{ code: "data.not-found", message, hint, at: { file: path, key: "evaluate.data" } }]);
  const found = await stat(path).catch(() => null);
  if (!found?.isFile())
    throw fail(
      `there is no data file at ${path}`,
      "Check evaluate.data; it is relative to the folder of modelgate.yml.",
    );
  await access(path, constants.R_OK).catch(() => {
    throw fail(`${path} may not be read`, "Give the account that runs modelgate the right to read it.");
  });
  return createReadStream(path, { signal, highWaterMark: 2 ** 18 });
}
