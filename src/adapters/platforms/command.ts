import { isDigest } from "../../domain/digest.ts";
import { formatImage, parseImage } from "../../domain/image.ts";
import { isObject, type JsonValue, readJson } from "../../domain/json.ts";
import { type ModelFile, modelDigest } from "../../domain/model.ts";
import { type Problem, WorldError } from "../../domain/problem.ts";
import { modelFolderOf, type Release, type Running } from "../../domain/release.ts";
import type { Platform } from "../../ports/platform.ts";
import type { ScriptEnd, ScriptRunner } from "../../ports/script-runner.ts";
import { isReady, waitUntilReady } from "./shared/readiness.ts";

export interface CommandOptions {
  /** The program and its words; what is to be done is one word more. */
  run: readonly string[];
  /** Names of variables that it gets. */
  env: readonly string[];
  /** Milliseconds for a deployment or a removal. */
  timeout: number;
}

export interface CommandContext {
  /** Names the place among all. */
  slot: string;
  scripts: ScriptRunner;
}

/** Asking what runs is done often. */
const askedWithin = 60_000;
const documented = "What it is told and must print: docs/platforms.md, command.";

const refused = (code: Problem["code"], during: string, message: string): WorldError =>
  new WorldError({ code, message, hint: documented }, { side: "deployment script", during, retryable: false });

function fileOf(value: JsonValue): ModelFile {
  if (!isObject(value)) throw new SyntaxError("a file is no object");
  const { path, bytes, digest } = value;
  if (typeof path !== "string" || typeof bytes !== "number" || typeof digest !== "string" || !isDigest(digest))
    throw new SyntaxError("a file has no path, bytes or digest (sha256:…)");
  return { path, bytes, digest };
}

/**
 * Reads what `current` printed.
 * @throws SyntaxError, RangeError for what does not say which image and which model bytes run, and where.
 */
function readRunning(text: string): Running | null {
  const value = readJson(text);
  if (value === null) return null;
  if (!isObject(value)) throw new SyntaxError("it is neither null nor an object");
  const { image, url, protocol, model, files } = value;
  if (typeof image !== "string" || typeof url !== "string" || typeof protocol !== "string")
    throw new SyntaxError("image, url and protocol must be texts");
  if (!/^https?:$/.test(new URL(url).protocol)) throw new SyntaxError(`url is ${url}`);
  const digest = Array.isArray(files) ? modelDigest(files.map(fileOf)) : model;
  if (typeof digest !== "string" || !isDigest(digest))
    throw new SyntaxError("model (sha256:…) or files must say which bytes are there");
  return { image: parseImage(image), modelDigest: digest, endpoint: { url: url.replace(/\/$/, ""), protocol } };
}

/** What a script is told of a release. */
const toldOf = (release: Release): Record<string, string> => ({
  MODELGATE_IMAGE: formatImage(release.image),
  MODELGATE_MODEL: release.model.name,
  MODELGATE_MODEL_DIGEST: release.model.digest,
  MODELGATE_MODEL_FOLDER: `/${modelFolderOf(release)}`,
  MODELGATE_PROTOCOL: release.protocol,
  MODELGATE_PORT: String(release.port),
  ...(release.readyPath !== undefined && { MODELGATE_READY_PATH: release.readyPath }),
});

/** Releases run where a script of the user's puts them: `deploy`, `current` and `remove` are all that it is asked. */
export function commandPlatform({ run, env, timeout }: CommandOptions, { slot, scripts }: CommandContext): Platform {
  const call = (verb: string, told: Record<string, string>, milliseconds: number, signal: AbortSignal) =>
    scripts.run({ words: [...run, verb], told: { ...told, MODELGATE_SLOT: slot }, passed: env, milliseconds }, signal);
  const said = (verb: string, { failure, log }: ScriptEnd): string =>
    `${[...run, verb].join(" ")} ${failure}. Its last lines:\n${log || "(it said nothing on standard error)"}`;

  async function current(signal: AbortSignal): Promise<Running | null> {
    const during = "asking what runs";
    const ended = await call("current", {}, askedWithin, signal);
    if (ended.output === null) throw refused("platform.unavailable", during, said("current", ended));
    try {
      return readRunning(ended.output);
    } catch (error) {
      const why = (error as Error).message;
      throw refused("platform.unavailable", during, `${run.join(" ")} current printed no sound answer: ${why}`);
    }
  }

  return {
    kind: "command",
    current,
    async deploy(release, signal) {
      const replaced = await current(signal);
      const same = replaced?.image.digest === release.image.digest && replaced.modelDigest === release.model.digest;
      if (replaced && same && (await isReady(release, replaced.endpoint.url, signal)))
        return { running: replaced, replaced, interruption: "" };
      const started = performance.now();
      const ended = await call("deploy", toldOf(release), timeout, signal);
      if (ended.output === null)
        throw refused("platform.not-ready", "deploying", `${formatImage(release.image)}: ${said("deploy", ended)}`);
      // The script may read all of the model to say what runs: it is asked until that is the release, and not at every look.
      let seen: Running | null = null;
      const address = async (): Promise<string | null> => {
        if (seen?.image.digest !== release.image.digest) seen = await current(signal);
        return seen?.endpoint.url ?? null;
      };
      const waited = await waitUntilReady(release, {
        milliseconds: Math.max(0, timeout - (performance.now() - started)),
        address,
        gone: async () => null,
        signal,
      });
      const running = waited.ready ? await current(signal) : null;
      if (running) return { running, replaced, interruption: replaced ? unknownInterruption : "" };
      const why = waited.ready ? "nothing runs" : waited.why;
      const message = `${run.join(" ")} deploy ended well, and ${formatImage(release.image)} does not serve: ${why}. Its last lines:\n${ended.log || "(it said nothing on standard error)"}`;
      throw refused("platform.not-ready", "waiting for the release", message);
    },
    async remove(signal) {
      const ended = await call("remove", {}, timeout, signal);
      if (ended.output === null) throw refused("platform.unavailable", "removing what runs", said("remove", ended));
    },
  };
}

const unknownInterruption = "Whether requests were dropped by the switch, only the deployment script knows.";
