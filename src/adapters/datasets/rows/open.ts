import { constants, createReadStream, type ReadStream } from "node:fs";
import { access, type FileHandle, open, stat } from "node:fs/promises";
import { UserError } from "../../../domain/problem.ts";

/** That a data file or folder cannot be had. */
export const notFound = (path: string, message: string, hint: string): UserError =>
  new UserError([{ code: "data.not-found", message, hint, at: { file: path, key: "evaluate.data" } }]);

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile())
    throw notFound(
      path,
      `there is no data file at ${path}`,
      "Check evaluate.data; it is relative to the folder of modelgate.yml.",
    );
  await access(path, constants.R_OK).catch(() => {
    throw notFound(path, `${path} may not be read`, "Give the account that runs modelgate the right to read it.");
  });
}

/** Opens a data file for reading from its start. @throws UserError `data.not-found`. */
export async function openData(path: string, signal: AbortSignal): Promise<ReadStream> {
  await checkFile(path);
  return createReadStream(path, { signal, highWaterMark: 2 ** 18 });
}

/** Opens a data file for reading anywhere in it. @throws UserError `data.not-found`. */
export async function openDataFile(path: string): Promise<FileHandle> {
  await checkFile(path);
  return open(path, "r");
}
