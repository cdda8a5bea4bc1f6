import type { Model } from "../domain/model.ts";
import { type Policy, policyDigest } from "../domain/policy.ts";
import { UserError } from "../domain/problem.ts";
import type { ReadingPlan } from "../domain/reading.ts";
import type { Expectations } from "../domain/verification.ts";
import type { DatasetIdentity, RowPlan, Rows, Sent } from "../ports/dataset.ts";
import type { Spill } from "../ports/spill.ts";
import { takeIn } from "../stages/rows.ts";
import type { Workshop } from "./workshop.ts";

/** The evaluation a configuration asks for. @throws UserError when it asks for none. */
export function evaluateSettings({ config }: Workshop): NonNullable<Workshop["config"]["evaluate"]> {
  if (config.evaluate) return config.evaluate;
  throw new UserError([
    {
      code: "config.missing",
      message: "the configuration has no evaluate",
      hint: "Name the labelled data, its inputs and label: see docs/reference/config.md.",
      at: { file: config.file, key: "evaluate" },
    },
  ]);
}

/** How answers are read as predictions. */
export function readingPlan({ config }: Workshop): ReadingPlan | null {
  const settings = config.evaluate;
  return (
    settings && {
      task: settings.task,
      classes: settings.classes,
      output: settings.output,
      threshold: settings.threshold,
    }
  );
}

/** The policy: the gates, and what else decides a verdict. */
export function policyOf(config: Workshop["config"]): Policy {
  return {
    checks: config.gates,
    firstPromotion: config.promotion.first,
    failedRows: { policy: config.evaluate?.failedRows ?? "error", maxShare: config.evaluate?.maxFailed ?? null },
  };
}

/** What a label is, by the task: pairs of an embedding have a similarity, its single texts a vector. */
function labelKindOf({ task, partners }: NonNullable<Workshop["config"]["evaluate"]>): RowPlan["labelKind"] {
  if (task === "multilabel" || task === "generation") return "texts";
  return task === "embedding" && partners === null ? "numbers" : "text";
}

/** Reads the data set once, keeping what is sent of rows in a spill or not at all. */
function readInto(shop: Workshop, model: Model, spill: Spill<Sent> | null, signal: AbortSignal) {
  const settings = evaluateSettings(shop);
  const path = shop.resolve(settings.data);
  const plan = {
    inputs: settings.inputs,
    specs: model.inputs,
    label: settings.label,
    labelKind: labelKindOf(settings),
    labelSeparator: settings.task === "multilabel" ? settings.labelSeparator : null,
    id: settings.id,
    group: settings.group,
    partners: settings.partners,
    slices: settings.slices,
    split: settings.split,
  };
  return takeIn(shop.dataset(path).rows(path, plan, signal), spill);
}

/** The data set that an evaluation asks, until it is let go of: what is sent of its rows is on disk. Labels and slices stay here. */
export async function readRows(
  shop: Workshop,
  model: Model,
  signal: AbortSignal,
): Promise<{ rows: Rows; identity: DatasetIdentity } & Disposable> {
  const spill = shop.spill();
  try {
    return { ...(await readInto(shop, model, spill, signal)), [Symbol.dispose]: () => spill[Symbol.dispose]() };
  } catch (error) {
    spill[Symbol.dispose]();
    throw error;
  }
}

/** The data set without what is sent of its rows. */
export const readFacts = (shop: Workshop, model: Model, signal: AbortSignal) => readInto(shop, model, null, signal);

/** Whether evidence must be signed to count. */
export const isSigned = ({ config }: Workshop): boolean => config.signing.method !== "none";

/** What a verdict must be about to count now. */
export async function expectationsOf(shop: Workshop, model: Model, signal: AbortSignal): Promise<Expectations> {
  const { identity } = await readFacts(shop, model, signal);
  return {
    policyDigest: policyDigest(policyOf(shop.config)),
    dataDigest: identity.digest,
    maxAgeMs: shop.config.promotion.maxAgeMilliseconds,
    signed: isSigned(shop),
  };
}
