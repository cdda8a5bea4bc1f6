import type { Json } from "../canonical.ts";
import { fields, numbers } from "../observations/json.ts";
import type { Prediction } from "./prediction.ts";

/** What came of one row. */
export interface RowAnswer {
  prediction: Prediction | null;
  /** For the other text of a pair; null when rows are no pairs. */
  partner: Prediction | null;
  /** `ok`, or why there is no prediction. */
  status: string;
  /** Milliseconds of the last try; null when it got no answer. */
  latency: number | null;
}

const wrong = (): never => {
  throw new RangeError("an answer has not the shape of one");
};
/** Which kind of value it is: JSON does not tell marks from a vector. */
function kindOf(value: Prediction["value"]): string {
  if (value instanceof Uint8Array) return "marks";
  return value instanceof Float64Array ? "vector" : typeof value;
}

function predictionToJson(prediction: Prediction | null): Json {
  if (prediction === null) return null;
  const { value, scores, oddSum } = prediction;
  const plain = typeof value === "object" ? Array.from(value as Float64Array) : value;
  return { kind: kindOf(value), value: plain, scores: scores && [...scores], oddSum };
}

function valueFromJson(kind: Json | undefined, value: Json | undefined): Prediction["value"] {
  if (kind === "marks") return Uint8Array.from(numbers(value));
  if (kind === "vector") return Float64Array.from(numbers(value));
  if (typeof value !== kind || (typeof value !== "number" && typeof value !== "string")) return wrong();
  return value;
}

function predictionFromJson(found: Json | undefined): Prediction | null {
  if (found === null) return null;
  const { kind, value, scores, oddSum } = fields(found);
  if (oddSum !== null && typeof oddSum !== "number") return wrong();
  return { value: valueFromJson(kind, value), scores: scores === null ? null : numbers(scores), oddSum };
}

/** A row's answer as JSON. */
export const rowAnswerToJson = ({ prediction, partner, status, latency }: RowAnswer): Json => ({
  prediction: predictionToJson(prediction),
  partner: predictionToJson(partner),
  status,
  latency,
});

/** Reads a row's answer back. @throws RangeError when it has not the shape. */
export function rowAnswerFromJson(found: Json): RowAnswer {
  const { prediction, partner, status, latency } = fields(found);
  if (typeof status !== "string" || (latency !== null && typeof latency !== "number")) return wrong();
  return { prediction: predictionFromJson(prediction), partner: predictionFromJson(partner), status, latency };
}
