import { loadConfig } from "../config/load.ts";
import { evaluationFromJson } from "../domain/evaluation.ts";
import { judge } from "../domain/gate/decide.ts";
import type { CheckResult } from "../domain/gate/result.ts";
import { formatImage } from "../domain/image.ts";
import { emptyOutcome, type Outcome } from "../domain/outcome.ts";
import { UserError } from "../domain/problem.ts";
import type { Request } from "../domain/request.ts";
import { isTrusted } from "../domain/stated.ts";
import { readVerdict, type Verdict } from "../domain/verdict.ts";
import { isSigned, policyOf } from "./data.ts";
import { candidateOf } from "./pick.ts";
import type { Workshop } from "./workshop.ts";

/** The configuration whose gates judge: the one `--policy` names, else the current one. */
async function judging(shop: Workshop, { policy }: Request): Promise<Workshop["config"]> {
  if (policy === null) return shop.config;
  const text = await shop.readText(shop.fromWorkingFolder(policy));
  if (text !== null) return loadConfig(text, policy);
  throw new UserError([
    {
      code: "config.not-found",
      message: `there is no ${policy}`,
      hint: "Name a modelgate.yml whose gates are to judge: --policy other.yml",
      at: { file: policy },
    },
  ]);
}

const word = (check: Pick<CheckResult, "status"> | undefined): string => check?.status ?? "–";

/** Judges the rows that are stored with a release by another policy. Nothing is deployed, asked or attached. */
export async function replayCommand(shop: Workshop, request: Request, signal: AbortSignal): Promise<Outcome> {
  const release = await candidateOf(shop, request, signal);
  const policy = policyOf(await judging(shop, request));
  const trusted = async (kind: "evaluation" | "verdict") =>
    (await shop.evidence.list(release.image, kind, signal)).find((one) => isTrusted(one, isSigned(shop)));
  const [stated, recorded] = await shop.host.step("read", async () => [
    await trusted("evaluation"),
    await trusted("verdict"),
  ]);
  if (!stated)
    throw new UserError([
      {
        code: "gate.no-evaluation",
        message: `there is no evaluation of ${formatImage(release.image)} that counts`,
        hint: "Run modelgate evaluate for this image first.",
      },
    ]);
  const { observations, champion, data } = evaluationFromJson(stated.body);
  const seeds = { candidate: release.image.digest, champion: champion.image?.digest ?? null, data: data.digest };
  const { verdict, checks } = judge(policy.checks, observations, { seeds, firstPromotion: policy.firstPromotion });
  const before: Verdict | null = recorded ? readVerdict(recorded.body, `the verdict ${recorded.digest}`) : null;
  const texts = new Set([...checks, ...(before?.checks ?? [])].map(({ text }) => text));
  const find = (among: readonly CheckResult[] | undefined, text: string) => among?.find((check) => check.text === text);
  const rows = [...texts].map((text) => {
    const now = find(checks, text);
    return [word(now), word(find(before?.checks, text)), text, now?.sentence ?? "not asked by this policy"];
  });
  return {
    ...emptyOutcome,
    command: "replay",
    verdict,
    headline: `under ${request.policy ?? "the current gates"} ${release.model.name} would be ${verdict}; ${before ? `its verdict is ${before.verdict}` : "it has no verdict"}`,
    model: release.model,
    image: release.image,
    sections: [{ title: "Replay", columns: ["now", "recorded", "gate", "on the stored rows"], rows, notes: [] }],
  };
}
