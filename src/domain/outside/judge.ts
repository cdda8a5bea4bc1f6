/** Who gave scores: a model or a person, in which version, told what. */
export interface Judge {
  id: string;
  version: string;
  /** sha256 of the text it is told to judge by, 64 hex digits. */
  promptSha256: string;
}

/** Reads what a source says of its judge. @throws RangeError that says what is not sound. */
export function readJudge(value: unknown): Judge {
  const said = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { id, version, prompt_sha256: promptSha256 } = said;
  if (typeof id !== "string" || id === "") throw new RangeError("its judge has no id");
  if (typeof version !== "string" || version === "") throw new RangeError(`its judge ${id} has no version`);
  if (typeof promptSha256 !== "string" || !/^[0-9a-f]{64}$/.test(promptSha256))
    throw new RangeError(`its judge ${id} has no prompt_sha256 of 64 hex digits`);
  return { id, version, promptSha256 };
}

/** Whether two scores can be compared: of the same judge, or both of none. */
export const isSameJudge = (one: Judge | undefined, other: Judge | undefined): boolean =>
  one?.id === other?.id && one?.version === other?.version && one?.promptSha256 === other?.promptSha256;

/** `gpt-x 2026-05 (prompt 1a2b3c4d)`, or `no judge`. */
export const formatJudge = (judge: Judge | undefined): string =>
  judge ? `${judge.id} ${judge.version} (prompt ${judge.promptSha256.slice(0, 8)})` : "no judge";
