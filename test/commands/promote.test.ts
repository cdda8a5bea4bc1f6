import { expect, test } from "vitest";
import { promoteCommand } from "../../src/commands/change.ts";
import { expectationsOf } from "../../src/commands/data.ts";
import { verifyCommand } from "../../src/commands/verify.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { loadConfig } from "../../src/config/load.ts";
import { approveLine, readRequest } from "../../src/domain/approval.ts";
import { formatImage } from "../../src/domain/image.ts";
import { type Problem, UserError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Request } from "../../src/domain/request.ts";
import { exitCodeOf } from "../../src/hosts/shell.ts";
import type { Dataset } from "../../src/ports/dataset.ts";
import { terminalReport } from "../../src/reports/terminal.ts";
import { fakeApprovals } from "../fakes/approvals.ts";
import { fakeDataset } from "../fakes/dataset.ts";
import { githubOrigin } from "../fakes/origin.ts";
import { production } from "../stages/production.ts";

const { signal } = new AbortController();
const asked = {
  command: "promote",
  config: "modelgate.yml",
  image: null,
  environment: null,
  reason: "better",
} as Request;

const config = `model:
  name: digits
  path: models/digits.onnx
evaluate:
  data: holdout.csv
  task: classification
  inputs: { image: "pixel_*" }
  label: digit
  classes: ["0", "1", "2"]
gates: [accuracy >= 0.9]
promotion:
  approval: { by: [grace, heidi], required: always }
environments:
  staging: { platform: local }
  production: { platform: local }
  canary: { platform: local }
`;

/** What `promote` needs of a workshop, with a proved release. */
async function workshop(onBranch: string | null = config, sameData = true) {
  const env = production();
  const approvals = fakeApprovals(env.clock);
  const dataset = fakeDataset();
  const pixels = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`pixel_${index}`, "0"]));
  const rows = ["0", "1", "2"].map((digit) => ({ ...pixels, digit }));
  dataset.tables.set("holdout.csv", rows);
  const warnings: Problem[] = [];
  const host = {
    source: githubOrigin,
    approvalIssue: null as number | null,
    job: { run: "1", attempt: 1 },
    step: <T>(_title: string, work: () => Promise<T>) => work(),
    note: () => undefined,
    warn: (problem: Problem) => void warnings.push(problem),
  };
  const shop = {
    config: loadConfig(config, "modelgate.yml"),
    approvals,
    clock: env.clock,
    evidence: env.evidence,
    ledger: env.ledger,
    protectedBranch: { commit: async () => "main's commit", text: async () => onBranch, isSame: async () => sameData },
    builder: { describe: async (image: Release["image"]) => env.releases.get(image.digest)! },
    platform: () => env.platform,
    dataset: (): Dataset => dataset,
    resolve: (path: string) => path,
    host,
  } as unknown as Workshop;
  const release = await env.packaged("a");
  const { policyDigest: policy, dataDigest } = await expectationsOf(shop, release.model, signal);
  await env.judge(release, { policy, data: { digest: dataDigest, rows: rows.length } });
  const named = { ...asked, image: formatImage(release.image) };
  return {
    env,
    shop,
    host,
    approvals,
    warnings,
    release,
    promote: (request: Partial<Request> = {}) => promoteCommand(shop, { ...named, ...request }, signal),
    /** Somebody writes below the one issue, which starts a run that knows the issue only. */
    async comment(login: string, text?: string) {
      const [issue] = approvals.issues;
      approvals.say(issue!.number, login, text ?? approveLine(readRequest(issue!.body)!));
      host.approvalIssue = issue!.number;
      return promoteCommand(shop, { ...asked, reason: "" }, signal);
    },
  };
}

const problemsOf = async (work: Promise<unknown>): Promise<readonly Problem[]> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.problems;
  throw new Error("expected problems", { cause: error });
};

test("a promotion that waits is inconclusive: exit code 3, with the issue and the line to write", async () => {
  const { env, promote, approvals } = await workshop();
  const outcome = await promote();
  expect([outcome.verdict, exitCodeOf(outcome)]).toEqual(["inconclusive", 3]);
  const [issue] = approvals.issues;
  expect(outcome.headline).toBe(
    `production waits for 1 approval: https://github.com/acme/models/issues/${issue!.number}`,
  );
  expect(terminalReport(outcome)).toContain(approveLine(readRequest(issue!.body)!));
  expect(issue!.body).toContain("@grace, @heidi");
  expect(env.platform.running).toBeNull();
});

test("a comment goes on with it by the issue alone, and the issue is closed with what was done", async () => {
  const { env, promote, comment, approvals, release } = await workshop();
  await promote();
  const outcome = await comment("grace");
  expect([outcome.verdict, outcome.environment]).toEqual(["pass", "production"]);
  expect(env.platform.running?.image).toEqual(release.image);
  const [issue] = approvals.issues;
  expect(issue!.open).toBe(false);
  expect(issue!.comments.at(-1)!.body).toContain(`production runs \`${formatImage(release.image)}\``);
  expect(issue!.comments.at(-1)!.body).toContain(githubOrigin.run!);
  expect((await env.entries()).at(-1)!.reason).toBe(`agreed to in issue ${issue!.number}`);
});

test("a second comment finds that it runs already", async () => {
  const { env, promote, comment, approvals } = await workshop();
  await promote();
  await comment("grace");
  const outcome = await comment("heidi");
  expect([outcome.verdict, outcome.headline.endsWith("already")]).toEqual(["pass", true]);
  expect(env.platform.deployed).toHaveLength(1);
  expect(approvals.issues).toHaveLength(1);
});

test("comments that do not count are named with their reasons", async () => {
  const { promote, comment } = await workshop();
  await promote();
  const outcome = await comment("mallory");
  expect(outcome.verdict).toBe("inconclusive");
  expect(terminalReport(outcome)).toMatch(/comment \d+ of mallory does not count: mallory is not on the list/);
});

test("a rejection is a fail: exit code 1, and the issue is closed", async () => {
  const { env, promote, comment, approvals } = await workshop();
  await promote();
  const outcome = await comment("heidi", "/reject");
  expect([outcome.verdict, exitCodeOf(outcome)]).toEqual(["fail", 1]);
  expect(outcome.headline).toMatch(/^heidi rejected the promotion/);
  expect(approvals.issues[0]!.open).toBe(false);
  expect(env.platform.running).toBeNull();
});

test("a run that was killed before it closed the issue is made up for", async () => {
  const { promote, comment, approvals } = await workshop();
  await promote();
  await comment("grace");
  approvals.issues[0]!.open = true;
  await promote();
  expect(approvals.issues[0]!.open).toBe(false);
});

test("an issue that cannot be closed is a warning: the promotion stands", async () => {
  const { env, promote, comment, approvals, warnings } = await workshop();
  await promote();
  const problem: Problem = { code: "github.permission", message: "GitHub answered 403", hint: "issues: write" };
  approvals.close = async () => {
    throw new UserError([problem]);
  };
  expect((await comment("grace")).verdict).toBe("pass");
  expect(env.platform.running).not.toBeNull();
  expect(warnings).toEqual([problem]);
});

test("verify is about the image of the issue whose comment started the run", async () => {
  const { shop, host, promote, approvals, release } = await workshop();
  await promote();
  host.approvalIssue = approvals.issues[0]!.number;
  expect((await verifyCommand(shop, { ...asked, command: "verify", bundle: null }, signal)).image).toEqual(
    release.image,
  );
});

test("an issue about another environment, or about nothing, starts no promotion", async () => {
  const { env, shop, host, promote, approvals } = await workshop();
  await promote();
  host.approvalIssue = approvals.issues[0]!.number;
  const elsewhere = promoteCommand(shop, { ...asked, environment: "canary" }, signal);
  expect(await problemsOf(elsewhere)).toMatchObject([
    { code: "promote.approval", message: expect.stringContaining("asks about production") },
  ]);
  host.approvalIssue = 999;
  expect(await problemsOf(promoteCommand(shop, asked, signal))).toMatchObject([{ code: "promote.approval" }]);
  expect(env.platform.running).toBeNull();
});

test("without GitHub it is a problem that says what is missing", async () => {
  const { env, shop, promote } = await workshop();
  Object.assign(shop, { approvals: null });
  const [problem] = await problemsOf(promote());
  expect(problem).toMatchObject({ code: "promote.approval" });
  expect(problem!.hint).toContain("permissions: issues: write");
  expect(env.platform.running).toBeNull();
});

test("a policy looser than the protected branch's takes one approval more, of those that the branch names", async () => {
  const stricter = config.replace("accuracy >= 0.9", "accuracy >= 0.95").replace("grace, heidi", "grace, ivan");
  const { promote, approvals } = await workshop(stricter);
  const outcome = await promote();
  expect(outcome.headline).toMatch(/^production waits for 2 approvals/);
  const [issue] = approvals.issues;
  expect(issue!.body).toMatch(/ivan/);
  expect(issue!.body).not.toMatch(/heidi/);
});

test("a policy stricter than the protected branch's takes no approval more", async () => {
  const { promote } = await workshop(config.replace("accuracy >= 0.9", "accuracy >= 0.8"));
  expect((await promote()).headline).toMatch(/^production waits for 1 approval:/);
});

test("in a workflow a policy that cannot be compared counts as loosened, and says why", async () => {
  const { promote, warnings } = await workshop(null);
  expect((await promote()).headline).toMatch(/^production waits for 2 approvals/);
  expect(warnings).toEqual([expect.objectContaining({ code: "promote.policy-unknown" })]);
});

test("other data than the protected branch's count as a loosened policy", async () => {
  const { promote } = await workshop(config, false);
  expect((await promote()).headline).toMatch(/^production waits for 2 approvals/);
});
