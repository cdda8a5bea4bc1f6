import { recordGolden } from "../../domain/golden.ts";
import { formatImage } from "../../domain/image.ts";
import { UserError } from "../../domain/problem.ts";
import type { Release, Running } from "../../domain/release.ts";
import type { Tensors } from "../../domain/tensor.ts";
import type { Protocol } from "../../ports/protocol.ts";
import { limited, type Stepping } from "./step.ts";

/** NaN is equal to nothing: a golden answer that holds it could never be met. */
function refuseNan(id: string, outputs: Tensors): void {
  const name = Object.keys(outputs).find((key) => outputs[key]!.data.some((value) => Number.isNaN(value)));
  if (name !== undefined)
    throw new UserError([
      {
        code: "smoke.failed",
        message: `the answer to ${id} holds NaN in ${name}, so it cannot be what is right`,
        hint: "Find out why the served model answers NaN before golden requests are recorded from it.",
      },
    ]);
}

/**
 * Golden requests from what a deployed release answers: a line per example, with the image they were recorded from.
 * @throws UserError `smoke.failed` when an answer holds NaN.
 */
export async function recordGoldens(
  options: Stepping & { release: Release; running: Running; protocol: Protocol },
  examples: readonly { id: string; inputs: Tensors }[],
): Promise<string[]> {
  const { release, running, protocol } = options;
  await using session = protocol.connect(running.endpoint, release.model.name);
  const lines: string[] = [];
  for (const { id, inputs } of examples) {
    const { outputs } = await session.prepare(inputs, id).send(limited(options));
    refuseNan(id, outputs);
    lines.push(recordGolden(id, inputs, outputs, formatImage(release.image)));
  }
  return lines;
}
