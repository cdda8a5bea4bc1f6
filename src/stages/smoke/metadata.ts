import { contractProblems } from "../../domain/contract.ts";
import type { TensorSpec } from "../../domain/model.ts";
import type { Release, Running } from "../../domain/release.ts";
import type { Session } from "../../ports/protocol.ts";
import { limited, type Stepping } from "./step.ts";

const declared = (specs: readonly TensorSpec[]) =>
  Object.fromEntries(specs.map(({ name, dtype, shape }) => [name, { dtype, shape }]));

/** S3: the served model is the validated one, in names, types, shapes and bytes, and the platform runs the candidate. */
export async function metadata(
  session: Session,
  { model, image }: Release,
  running: Running,
  options: Stepping,
): Promise<string> {
  const served = await session.metadata(limited(options));
  const context = { what: "the served model", file: model.name };
  const problems = [
    ...(served.inputs ? contractProblems("input", declared(model.inputs), served.inputs, context) : []),
    ...(served.outputs ? contractProblems("output", declared(model.outputs), served.outputs, context) : []),
  ].map((problem) => problem.message);
  if (running.image.digest !== image.digest)
    problems.push(`the platform runs ${running.image.digest}, and ${image.digest} is tested`);
  if (running.modelDigest !== model.digest)
    problems.push(
      `the model's bytes on the platform have the digest ${running.modelDigest}, and ${model.digest} was validated`,
    );
  if (served.modelDigest !== null && served.modelDigest !== model.digest)
    problems.push(`the server loaded a model with the digest ${served.modelDigest}, and ${model.digest} was validated`);
  if (problems.length > 0) throw new Error(problems.join("; "));
  const shape =
    served.inputs && served.outputs
      ? `${served.inputs.length} inputs and ${served.outputs.length} outputs as validated`
      : "its protocol does not say what it takes and gives";
  return `${served.name}: ${shape}; image and model bytes are the candidate's`;
}
