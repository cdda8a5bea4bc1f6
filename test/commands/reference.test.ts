import { expect, test } from "vitest";
import { baselineAnswers } from "../../src/commands/reference.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { type Evaluation, evaluationToJson } from "../../src/domain/evaluation.ts";
import type { Image } from "../../src/domain/image.ts";
import { UserError } from "../../src/domain/problem.ts";
import { rightOrNot, wrongFirst } from "../domain/gate/observed.ts";
import { fakeEvidenceStore } from "../fakes/evidence-store.ts";
import { releaseOf } from "../fakes/release.ts";

const { signal } = new AbortController();
const original = releaseOf("original");
const seen = { image: original.image, modelDigest: original.model.digest };
const identity = { digest: sha256("data"), rows: 100 };
const answered: Evaluation = {
  ...{ schema: 2, subject: { before: seen, after: seen }, champion: { image: null, source: "none" }, data: identity },
  ...{ predictions: sha256("predictions"), leftOut: 0, flips: { count: 0, rows: [] } },
  observations: rightOrNot(wrongFirst(100, 20), null),
};

/** A workshop whose configuration names the original, with these evaluations of it. */
async function workshop(
  evaluations: readonly Evaluation[],
  { baseline = original.image as Image | null, signed = false },
) {
  const evidence = fakeEvidenceStore();
  for (const [index, evaluation] of evaluations.entries())
    await evidence.attach(
      {
        ...{ kind: "evaluation", image: original.image, modelDigest: original.model.digest },
        at: `2026-11-23T11:00:0${index}.000Z`,
        by: { actor: "ada", commit: null, run: null },
        body: evaluationToJson(evaluation),
      },
      signal,
    );
  const evaluate = { baseline, task: "binary", classes: ["no", "yes"] };
  const config = { file: "modelgate.yml", evaluate, signing: { method: signed ? "key" : "none" } };
  return { evidence, config } as unknown as Workshop;
}

const refusal = async (shop: Workshop): Promise<string> => {
  const error = await baselineAnswers(shop, identity, signal).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems.map(({ code, message }) => `${code}: ${message}`).join("\n");
  throw new Error("expected a user's error", { cause: error });
};

test("the answers are those of its newest evaluation", async () => {
  const older = { ...answered, observations: rightOrNot(wrongFirst(100, 90), null) };
  const shop = await workshop([older, answered], {});
  expect(await baselineAnswers(shop, identity, signal)).toEqual(answered.observations.candidate);
});

test("without a baseline nothing is read", async () => {
  const shop = await workshop([], { baseline: null });
  expect(await baselineAnswers(shop, identity, signal)).toBeNull();
});

test.each<[string, Partial<Evaluation>, RegExp]>([
  ["other data", { data: { digest: sha256("other"), rows: 100 } }, /evaluated on other data \(sha256:/],
  ["other classes", { observations: { ...answered.observations, classes: ["yes", "no"] } }, /with other classes/],
])("an evaluation of %s", async (_, fields, message) => {
  const shop = await workshop([{ ...answered, ...fields }], {});
  expect(await refusal(shop)).toMatch(message);
});

test("rows that the baseline did not answer", async () => {
  const observations = { ...rightOrNot(wrongFirst(97, 20), null), failedRows: 3 };
  const shop = await workshop([{ ...answered, observations }], {});
  expect(await refusal(shop)).toMatch(/gate\.no-evaluation: registry\.example.* has no answer to 3 of the rows/);
});

test("no evaluation at all", async () => {
  expect(await refusal(await workshop([], {}))).toMatch(/has no evaluation to compare with/);
});

test("an evaluation of a stranger", async () => {
  const shop = await workshop([answered], { signed: true });
  expect(await refusal(shop)).toMatch(/evidence\.unsigned/);
});
