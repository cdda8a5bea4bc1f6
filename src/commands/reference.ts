import { type Evaluation, evaluationFromJson } from "../domain/evaluation.ts";
import { formatImage } from "../domain/image.ts";
import type { Answers } from "../domain/observations/observations.ts";
import { UserError } from "../domain/problem.ts";
import { distrust, isTrusted } from "../domain/stated.ts";
import type { DatasetIdentity } from "../ports/dataset.ts";
import { isSigned } from "./data.ts";
import type { Workshop } from "./workshop.ts";

/** Why the answers of another model cannot stand beside those to these rows, or null. */
function unfit({ data, leftOut, observations }: Evaluation, identity: DatasetIdentity, shop: Workshop): string | null {
  const { task, classes } = shop.config.evaluate!;
  if (data.digest !== identity.digest) return `was evaluated on other data (${data.digest}, now ${identity.digest})`;
  if (observations.task !== task || observations.classes.join("\n") !== classes.join("\n"))
    return "was evaluated as another task, or with other classes";
  const missing = leftOut + observations.failedRows;
  return missing > 0 ? `has no answer to ${missing} of the rows` : null;
}

/**
 * What the model that `evaluate.baseline` names answered on the same rows, by its newest evaluation that counts; null where none is
 * named. Nothing is asked again.
 * @throws UserError `gate.no-evaluation` when there is none, or none of these rows.
 */
export async function baselineAnswers(
  shop: Workshop,
  identity: DatasetIdentity,
  signal: AbortSignal,
): Promise<Answers | null> {
  const image = shop.config.evaluate?.baseline ?? null;
  if (image === null) return null;
  const refuse = (message: string, hint: string): never => {
    const at = { file: shop.config.file, key: "evaluate.baseline" };
    throw new UserError([{ code: "gate.no-evaluation", message: `${formatImage(image)} ${message}`, hint, at }]);
  };
  const stored = await shop.evidence.list(image, "evaluation", signal);
  const [trusted] = stored.filter((one) => isTrusted(one, isSigned(shop)));
  if (!trusted && stored.length > 0) throw new UserError([distrust(stored[0]!, "evaluation")]);
  const again = "Deploy that image and run modelgate evaluate for it on these data, then evaluate this model.";
  if (!trusted) return refuse("has no evaluation to compare with", again);
  const evaluation = evaluationFromJson(trusted.body);
  const reason = unfit(evaluation, identity, shop);
  return reason === null ? evaluation.observations.candidate : refuse(reason, again);
}
