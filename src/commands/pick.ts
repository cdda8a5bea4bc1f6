import { type Image, parseImage } from "../domain/image.ts";
import { UserError } from "../domain/problem.ts";
import { undecided } from "../domain/ready-paths.ts";
import type { Release, Running } from "../domain/release.ts";
import type { Request } from "../domain/request.ts";
import { handedOver, passedLast } from "./hand-over.ts";
import type { Workshop } from "./workshop.ts";

/** The environment whose releases are judged, and the one whose release is the champion. */
export const staging = "staging";
export const production = "production";

/** The environment a request names, or the command's own default. @throws UserError when the configuration has none of that name. */
export function environmentOf({ config }: Workshop, request: Request, usual: string): string {
  const name = request.environment ?? usual;
  if (Object.hasOwn(config.environments, name)) return name;
  throw new UserError([
    {
      code: "config.missing",
      message: `the configuration has no environment "${name}"`,
      hint: `Its environments are ${Object.keys(config.environments).join(", ") || "none"}.`,
      at: { file: config.file, key: `environments.${name}` },
    },
  ]);
}

/** The image a request names. @throws UserError `input.image` for a tag or anything else that is not a digest. */
function namedImage(text: string): Image {
  try {
    return parseImage(text);
  } catch (error) {
    throw new UserError([
      {
        code: "input.image",
        message: (error as Error).message,
        hint: "Give the image that modelgate package printed.",
      },
    ]);
  }
}

/** What an environment runs. @throws UserError when nothing runs there. */
export async function runningIn(shop: Workshop, environment: string, signal: AbortSignal): Promise<Running> {
  const running = await shop.platform(environment, "main").current(signal);
  if (running) return running;
  throw new UserError([
    {
      code: "input.missing",
      message: `nothing runs in ${environment}`,
      hint: "Deploy first (modelgate deploy, or modelgate run), or name an image with --image.",
    },
  ]);
}

/** A running release with the protocol it speaks, found out where the release leaves it open. */
export async function spokenBy(
  shop: Workshop,
  running: Running,
  { model }: Release,
  signal: AbortSignal,
): Promise<Running> {
  const { endpoint } = running;
  if (endpoint.protocol !== undecided) return running;
  const protocol = await shop.detect(endpoint, model.name, signal);
  shop.host.warn({
    code: "config.value",
    message: `image.custom.protocol is ${undecided}, and ${endpoint.url} speaks ${protocol}`,
    hint: `Write protocol: ${protocol}, so that the same is asked the same way next time.`,
    at: { file: shop.config.file, key: "image.custom.protocol" },
  });
  return { ...running, endpoint: { ...endpoint, protocol } };
}

/** What an environment runs, and how it is asked. @throws UserError when nothing runs there. */
export const askedIn = async (
  shop: Workshop,
  environment: string,
  release: Release,
  signal: AbortSignal,
): Promise<Running> => spokenBy(shop, await runningIn(shop, environment, signal), release, signal);

/** The release to be promoted: the image a request names, else the one that passed last, else what staging runs. */
export async function candidateOf(shop: Workshop, request: Request, signal: AbortSignal): Promise<Release> {
  const passed = request.image === null ? await passedLast(shop, signal) : null;
  return passed ? shop.builder.describe(passed, signal) : releaseOf(shop, request, signal);
}

/** The release a request is about: the image it names, else what an earlier job of this run made, else what staging runs. */
export async function releaseOf(shop: Workshop, request: Request, signal: AbortSignal): Promise<Release> {
  const handed = request.image === null ? await handedOver(shop, signal) : null;
  if (handed) return handed;
  const image =
    request.image === null
      ? (await runningIn(shop, environmentOf(shop, { ...request, environment: null }, staging), signal)).image
      : namedImage(request.image);
  return shop.builder.describe(image, signal);
}
