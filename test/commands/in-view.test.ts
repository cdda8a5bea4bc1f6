import { describe, expect, test } from "vitest";
import { announcing, inView } from "../../src/commands/in-view.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { emptyOutcome, type Outcome } from "../../src/domain/outcome.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { CommandName, Request } from "../../src/domain/request.ts";
import type { View } from "../../src/ports/view.ts";
import { githubOrigin } from "../fakes/origin.ts";
import { fakePlatform } from "../fakes/platform.ts";
import { releaseOf } from "../fakes/release.ts";

const { signal } = new AbortController();
const release = releaseOf("a");

const requestOf = (command: CommandName, models: string | null = null): Request => ({
  ...{ command, config: "modelgate.yml", image: null, environment: null, reason: "", record: false, subject: null },
  ...{ verify: false, bundle: null, policy: null, since: null, shard: null, models, jobs: null },
});

/** A view that remembers what it was told, in order. */
function rememberingView() {
  const told: { method: string; said: unknown }[] = [];
  const view: View = {
    kind: "remembering",
    begin: async (said) => void told.push({ method: "begin", said }),
    show: async (said) => void told.push({ method: "show", said }),
    fail: async (said) => void told.push({ method: "fail", said }),
  };
  return { view, told };
}

const outcome: Outcome = { ...emptyOutcome, command: "gate", verdict: "pass", headline: "digits passes" };

function watching(view: View | null, request: Request, work: () => Promise<Outcome>): Promise<Outcome> {
  const host = { source: githubOrigin };
  return inView({ view: async () => view, host, request, model: "digits" }, signal, work);
}

test("what a command comes to is shown, with the text of a comment", async () => {
  const { view, told } = rememberingView();
  expect(await watching(view, requestOf("gate"), async () => outcome)).toBe(outcome);
  expect(told).toMatchObject([
    {
      method: "show",
      said: { command: "gate", concluding: true, outcome, markdown: expect.stringMatching(/^## PASS/) as string },
    },
  ]);
});

test("a failure is shown with its problems, and stays the failure it is", async () => {
  const { view, told } = rememberingView();
  const error = new UserError([{ code: "model.empty", message: "it is empty", hint: "Export it." }]);
  await expect(watching(view, requestOf("run"), () => Promise.reject(error))).rejects.toBe(error);
  expect(told).toMatchObject([
    {
      method: "fail",
      said: {
        command: "run",
        concluding: true,
        problems: error.problems,
        markdown: expect.stringContaining("model.empty") as string,
      },
    },
  ]);
});

test("a bug is shown as a failure without its stack", async () => {
  const { view, told } = rememberingView();
  await expect(watching(view, requestOf("run"), () => Promise.reject(new TypeError("secret detail")))).rejects.toThrow(
    TypeError,
  );
  expect(told).toMatchObject([{ method: "fail", said: { problems: [] } }]);
  expect(JSON.stringify(told)).not.toContain("secret detail");
});

test("without a view, or when none can be made, the outcome is the same", async () => {
  expect(await watching(null, requestOf("gate"), async () => outcome)).toBe(outcome);
  const broken = {
    view: () => Promise.reject(new Error("no")),
    host: { source: githubOrigin },
    request: requestOf("gate"),
    model: null,
  };
  expect(await inView(broken, signal, async () => outcome)).toBe(outcome);
});

test.each([
  ["gate", null, true],
  ["run", null, true],
  ["gate", "[]", false],
  ["collect", "[]", true],
  ["promote", null, false],
  ["deploy", null, false],
] as const)("%s with models %s concludes a release: %s", async (command, models, concluding) => {
  const { view, told } = rememberingView();
  await watching(view, requestOf(command, models), async () => outcome);
  expect(told).toMatchObject([{ said: { concluding } }]);
});

describe("a deployment is announced just before it happens", () => {
  const shopOf = (view: View | null) => {
    const platforms = { main: fakePlatform(), champion: fakePlatform() };
    const shop = { view, platform: (_: string, slot: "main" | "champion") => platforms[slot] } as unknown as Workshop;
    return { shop, platforms };
  };

  test("with the command, the environment and the release", async () => {
    const { view, told } = rememberingView();
    const { shop, platforms } = shopOf({
      ...view,
      async begin(beginning, aborted) {
        expect(platforms.main.deployed).toEqual([]);
        await view.begin(beginning, aborted);
      },
    });
    const announced = announcing(shop, requestOf("promote"));
    await announced.platform("production", "main").deploy(release, signal);
    expect(told).toMatchObject([{ method: "begin", said: { command: "promote", environment: "production", release } }]);
    expect(platforms.main.deployed).toEqual([release.image.digest]);
  });

  test("and a champion beside the candidate is not", async () => {
    const { view, told } = rememberingView();
    const { shop } = shopOf(view);
    await announcing(shop, requestOf("evaluate")).platform("staging", "champion").deploy(release, signal);
    expect(told).toEqual([]);
  });

  test("and everything else of the platform is as before", async () => {
    const { view } = rememberingView();
    const { shop } = shopOf(view);
    const platform = announcing(shop, requestOf("run")).platform("staging", "main");
    await platform.deploy(release, signal);
    expect(await platform.current(signal)).toMatchObject({ image: release.image });
    await platform.remove(signal);
    expect(await platform.current(signal)).toBeNull();
  });

  test("without a view nothing is changed", () => {
    const { shop } = shopOf(null);
    expect(announcing(shop, requestOf("run"))).toBe(shop);
  });
});
