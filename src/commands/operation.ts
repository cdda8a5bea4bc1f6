import { comparisonsOf } from "../domain/gate/decide.ts";
import { outsideName } from "../domain/gate/parse.ts";
import type { Image } from "../domain/image.ts";
import type { LoadRun } from "../domain/observations/observations.ts";
import { type DeclaredMetrics } from "../domain/outside/declared.ts";
import type { Outside, OutsideMetric, Reported } from "../domain/outside/measured.ts";
import { type Operation, operations } from "../domain/outside/operation.ts";
import { UserError, WorldError } from "../domain/problem.ts";
import type { Release } from "../domain/release.ts";
import { coldStart, costPer1k, type MemoryWatch, watchMemory } from "../stages/operation.ts";
import { evaluateSettings } from "./data.ts";
import type { Workshop } from "./workshop.ts";

const isOperation = (name: string): name is Operation => Object.hasOwn(operations, name);

/** What the gates ask of operation: nothing else is measured. */
function wantedIn({ config }: Workshop): Operation[] {
  const names = config.gates.flatMap(comparisonsOf).map(({ parsed }) => outsideName(parsed));
  return [...new Set(names.filter(isOperation))];
}

/** The operation metrics that the gates name. */
export const wantedOperations = (shop: Workshop): DeclaredMetrics =>
  Object.fromEntries(wantedIn(shop).map((name) => [name, operations[name]]));

/** Watches the memory of what an environment runs, when a gate asks for it. */
export const memoryOf = (shop: Workshop, environment: string, signal: AbortSignal): MemoryWatch | null =>
  wantedIn(shop).includes("memory.max") ? watchMemory(shop.platform(environment, "main"), shop.clock, signal) : null;

/** The size of an image, or why it cannot be read: a champion may run that its registry has no longer. */
async function imageSize({ builder }: Workshop, image: Image, signal: AbortSignal): Promise<Reported> {
  try {
    return { value: await builder.size(image, signal), scores: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError) && !(error instanceof WorldError)) throw error;
    return { missing: error.message };
  }
}

export interface OperationSubject {
  release: Release;
  environment: string;
  champion: Image | null;
  load: LoadRun | null;
  /** The most memory that was seen; null: it was not watched. */
  memory: Reported | null;
}

/** Measures what the gates ask of operation. The release is started a second time last, when nothing else is measured. */
export async function measureOperation(
  shop: Workshop,
  { release, environment, champion, load, memory }: OperationSubject,
  signal: AbortSignal,
): Promise<Outside> {
  const sizeOf = (image: Image): Promise<Reported> => imageSize(shop, image, signal);
  const measure: Record<Operation, () => Promise<Reported> | Reported> = {
    "image.size": () => sizeOf(release.image),
    cold_start: () =>
      shop.host.step("cold start", () =>
        coldStart(release, { beside: shop.platform(environment, "champion"), clock: shop.clock, signal }),
      ),
    "memory.max": () => memory ?? { missing: "its rows were asked in parts, by other jobs" },
    cost_per_1k: () => costPer1k(load, evaluateSettings(shop).pricePerHour),
  };
  const found: [string, OutsideMetric][] = [];
  for (const name of wantedIn(shop)) {
    const other = name === "image.size" && champion ? await sizeOf(champion) : null;
    found.push([name, { ...operations[name], candidate: await measure[name](), champion: other }]);
  }
  return Object.fromEntries(found);
}
