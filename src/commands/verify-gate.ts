import type { DecisionContext } from "../domain/gate/decide.ts";
import { perfectAnswers } from "../domain/gate/known-bad.ts";
import { hopeless } from "../domain/gate/known-good.ts";
import { outsideAt } from "../domain/gate/known-outside.ts";
import { type Hole, selfTest } from "../domain/gate/self-test.ts";
import type { Observations } from "../domain/observations/observations.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { namedMetrics } from "../domain/outside/declared.ts";
import { rulesDeclared } from "../domain/outside/rules.ts";
import { truthOf, truthsOf } from "../domain/reading.ts";
import { groupsOf, slicesOf } from "../stages/evaluation/outcomes.ts";
import { evaluateSettings, readFacts, readingPlan } from "./data.ts";
import { wantedOperations } from "./operation.ts";
import { validateModel } from "./validate.ts";
import type { Workshop } from "./workshop.ts";

/** A load run in which nothing went wrong, as long as the configuration's where that is known. */
function soundLoad({ config }: Workshop): Observations["load"] {
  if (!config.load) return null;
  const { plan, allowClosed, goodput, findMax } = config.load;
  const ratePerSecond = "ratePerSecond" in plan ? plan.ratePerSecond : null;
  const apart = 1000 / (ratePerSecond ?? 100);
  const requests = "milliseconds" in plan ? Math.floor(plan.milliseconds / apart) : 2000;
  const events = Array.from({ length: Math.max(1, Math.min(2000, requests)) }, (_, index) => {
    const intended = index * apart;
    return { intended, sent: intended, done: intended + 1, ok: true };
  });
  const search = findMax && { ...findMax, trials: [], maxRate: findMax.to, reason: null };
  const more = { ...(goodput && { goodput }), ...(search && { search }) };
  return { profile: plan.profile, ratePerSecond, allowClosed, ...more, events, inconclusive: null };
}

/** What a model that is always right would be seen to do on the data of the configuration. */
async function soundObservations(shop: Workshop, signal: AbortSignal) {
  const settings = evaluateSettings(shop);
  const { model } = await validateModel(shop, signal);
  const { rows, identity } = await readFacts(shop, model, signal);
  const plan = readingPlan(shop)!;
  const all = Array.from(rows.order);
  const truth = truthsOf(all.map((index) => truthOf(rows.facts(index).label, plan)));
  const observations: Observations = {
    task: settings.task,
    classes: settings.classes,
    truth,
    groups: groupsOf(rows, all),
    candidate: perfectAnswers({ task: settings.task, classes: settings.classes, truth }),
    champion: null,
    championState: "none",
    slices: slicesOf(rows, all),
    failedRows: 0,
    load: soundLoad(shop),
    outside: outsideAt(
      {
        ...namedMetrics({ ...settings.commands, ...settings.imports }),
        ...rulesDeclared(settings.rules),
        ...wantedOperations(shop),
      },
      truth.length,
      true,
    ),
  };
  const seeds = { candidate: model.digest, champion: null, data: identity.digest };
  const context: DecisionContext = { seeds, firstPromotion: shop.config.promotion.first };
  return { observations, context };
}

const told = (holes: readonly Hole[], text: string): string =>
  holes.find(({ check }) => check === text)?.sentence ?? "stops results that are known to be bad";

/** Tries the gates of a configuration on results that are known to be bad, and on perfect ones, without an endpoint. */
export async function verifyGateCommand(shop: Workshop, signal: AbortSignal): Promise<Outcome> {
  const { observations, context } = await shop.host.step("data", () => soundObservations(shop, signal));
  const { gates } = shop.config;
  const holes = await shop.host.step("gates", async () => [
    ...selfTest(gates, observations, context),
    ...hopeless(gates, observations, context),
  ]);
  const rows = gates.map(({ text, severity }) => [
    severity === "advisory" ? "advisory" : holes.some(({ check }) => check === text) ? "hole" : "holds",
    text,
    severity === "advisory" ? "never decides" : told(holes, text),
  ]);
  const whole = holes.filter(({ check }) => check === null).map(({ sentence }) => sentence);
  return {
    ...emptyOutcome,
    command: "verify-gate",
    verdict: holes.length === 0 && gates.length > 0 ? "pass" : "fail",
    headline:
      gates.length === 0
        ? "there are no gates: everything gets through"
        : holes.length === 0
          ? `all ${gates.length} gates stop what is known to be bad, and can be passed`
          : holes.map(({ sentence }) => sentence).join("; "),
    sections: [{ title: "Gates", columns: ["", "gate", "tried on known-bad results"], rows, notes: whole }],
  };
}
