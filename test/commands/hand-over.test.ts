import { describe, expect, test } from "vitest";
import { handedOver, leavePassed, recorded } from "../../src/commands/hand-over.ts";
import { candidateOf, releaseOf } from "../../src/commands/pick.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { loadConfig } from "../../src/config/load.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { formatImage } from "../../src/domain/image.ts";
import { emptyOutcome, type Outcome } from "../../src/domain/outcome.ts";
import { type Problem, UserError, WorldError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { CommandName } from "../../src/domain/request.ts";
import { askedBy } from "../../src/domain/trigger.ts";
import type { HandOver } from "../../src/ports/hand-over.ts";
import { fakeClock } from "../fakes/clock.ts";
import { fakeHandOver, handedOverOf } from "../fakes/handed-over.ts";
import { githubOrigin, terminalOrigin } from "../fakes/origin.ts";
import { fakePlatform } from "../fakes/platform.ts";
import { releaseOf as fakeRelease } from "../fakes/release.ts";
import { askedOf } from "../fakes/repository-shop.ts";

const { signal } = new AbortController();
const repository = "registry.example/acme/digits";

const config = loadConfig(
  `model: { name: digits, path: m.onnx }
image: { repository: ${repository} }
signing: { method: key, key: KEY }
trust: { keys: [release.pub] }
environments: { staging: { platform: local } }
`,
  "modelgate.yml",
);

const asked = (command: CommandName) => ({ ...askedOf("plan"), command });

/** A job of the run 42 in an attempt; 0: a terminal. */
function workshop(attempt: number, handOver: HandOver | null = fakeHandOver()) {
  const releases = new Map<string, Release>();
  const warnings: Problem[] = [];
  const platform = fakePlatform();
  const shop = {
    config,
    clock: fakeClock(),
    handOver,
    builder: {
      describe: async (image: Release["image"]) => {
        const found = releases.get(formatImage(image));
        if (found) return found;
        throw new UserError([{ code: "release.not-found", message: "no such image", hint: "" }]);
      },
    },
    platform: () => platform,
    host: {
      source: attempt > 0 ? githubOrigin : terminalOrigin,
      job: attempt > 0 ? { run: "42", attempt, trigger: askedBy("push") } : null,
      warn: (problem: Problem) => void warnings.push(problem),
    },
  } as unknown as Workshop;
  const packaged = (name: string, fields: Partial<Release["model"]> = {}): Release => {
    const release = fakeRelease(name);
    const image = { repository, digest: release.image.digest };
    const made = { ...release, image, model: { ...release.model, name: "digits", ...fields } };
    releases.set(formatImage(image), made);
    return made;
  };
  return { shop, warnings, packaged, platform };
}

const outcomeOf = (command: CommandName, fields: Partial<Outcome> = {}): Outcome => ({
  ...emptyOutcome,
  command,
  verdict: "none",
  headline: "done",
  ...fields,
});

/** A registry that takes and gives nothing. */
function broken(reason: Error): HandOver {
  const fail = async (): Promise<never> => {
    throw reason;
  };
  return { leave: fail, find: fail };
}
const refused = new WorldError(
  { code: "registry.denied", message: "the registry refuses", hint: "Log in." },
  { side: "registry", during: "pushing", retryable: false },
);

describe("the release to be promoted", () => {
  test("is the one that passed last, in whatever run", async () => {
    const { shop, packaged } = workshop(1);
    const [older, newer] = [packaged("a"), packaged("b")];
    await leavePassed(shop, older, signal);
    await leavePassed(shop, newer, signal);
    const later = { ...shop, host: { ...shop.host, job: null, source: terminalOrigin } };
    expect(await candidateOf(later, asked("promote"), signal)).toEqual(newer);
    const named = { ...asked("promote"), image: formatImage(older.image) };
    expect(await candidateOf(later, named, signal)).toEqual(older);
  });

  test("is what staging runs where nothing is left in a registry", async () => {
    const { shop, packaged, platform } = workshop(0, null);
    const release = packaged("a");
    await platform.deploy(release, signal);
    await leavePassed(shop, packaged("b"), signal);
    expect((await candidateOf(shop, asked("promote"), signal)).image.digest).toBe(release.image.digest);
  });

  test("that cannot be left is a warning", async () => {
    const { shop, packaged, warnings } = workshop(1, broken(refused));
    await leavePassed(shop, packaged("a"), signal);
    expect(warnings).toEqual([expect.objectContaining({ code: "registry.denied" })]);
  });
});

describe("the release that a command is about", () => {
  test("is what package made in this run, also when it ran in an earlier attempt", async () => {
    const { shop, packaged } = workshop(2);
    const release = packaged("a");
    await shop.handOver!.leave("42", handedOverOf("package", { image: release.image }), signal);
    expect(await releaseOf(shop, asked("gate"), signal)).toEqual(release);
  });

  test("is of the newest attempt", async () => {
    const { shop, packaged } = workshop(2);
    const [older, newer] = [packaged("a"), packaged("b")];
    await shop.handOver!.leave("42", handedOverOf("package", { image: older.image }), signal);
    await shop.handOver!.leave("42", handedOverOf("package", { image: newer.image, attempt: 2 }), signal);
    expect((await releaseOf(shop, asked("gate"), signal)).image).toEqual(newer.image);
  });

  test("of package and run is of the later attempt, whatever their clocks say", async () => {
    const { shop, packaged } = workshop(2);
    const [older, newer] = [packaged("a"), packaged("b")];
    const at = "2026-11-23T13:00:00.000Z";
    await shop.handOver!.leave("42", handedOverOf("package", { image: older.image, at }), signal);
    await shop.handOver!.leave("42", handedOverOf("run", { image: newer.image, attempt: 2 }), signal);
    expect((await releaseOf(shop, asked("promote"), signal)).image).toEqual(newer.image);
  });

  test("is the image that is named, before any other", async () => {
    const { shop, packaged } = workshop(1);
    const [handed, named] = [packaged("a"), packaged("b")];
    await shop.handOver!.leave("42", handedOverOf("package", { image: handed.image }), signal);
    const request = { ...asked("gate"), image: formatImage(named.image) };
    expect((await releaseOf(shop, request, signal)).image).toEqual(named.image);
  });

  test.each<[string, number, HandOver | null]>([
    ["nothing was left in the run", 1, fakeHandOver()],
    ["there is no run", 0, broken(refused)],
    ["the model has no repository", 1, null],
  ])("is what staging runs when %s", async (_what, attempt, handOver) => {
    const { shop, packaged, platform } = workshop(attempt, handOver);
    const release = packaged("a");
    await platform.deploy(release, signal);
    expect((await releaseOf(shop, asked("gate"), signal)).image).toEqual(release.image);
  });

  test("is never what staging runs when package failed in this run", async () => {
    const { shop, packaged, platform } = workshop(1);
    await platform.deploy(packaged("a"), signal);
    await shop.handOver!.leave(
      "42",
      handedOverOf("package", { verdict: "error", headline: "too large", image: null }),
      signal,
    );
    await expect(releaseOf(shop, asked("gate"), signal)).rejects.toThrow(
      /made no image of digits in this run: too large/,
    );
  });
});

describe("a record is a claim", () => {
  test("an image that is not there is refused", async () => {
    const { shop } = workshop(1);
    const image = { repository, digest: sha256("gone") };
    await shop.handOver!.leave("42", handedOverOf("package", { image }), signal);
    await expect(handedOver(shop, signal)).rejects.toMatchObject({ problems: [{ code: "release.not-found" }] });
  });

  test("an image of another repository is refused", async () => {
    const { shop } = workshop(1);
    const image = { repository: "registry.example/mallory/digits", digest: sha256("a") };
    await shop.handOver!.leave("42", handedOverOf("package", { image }), signal);
    await expect(handedOver(shop, signal)).rejects.toThrow(/mallory.* is not in registry\.example\/acme\/digits/);
  });

  test("an image of another model is refused", async () => {
    const { shop, packaged } = workshop(1);
    const { image } = packaged("a", { name: "faces" });
    await shop.handOver!.leave("42", handedOverOf("package", { image }), signal);
    await expect(handedOver(shop, signal)).rejects.toMatchObject({ problems: [{ code: "hand-over.damaged" }] });
  });
});

describe("what a command leaves", () => {
  const found = (shop: Workshop, command: "package" | "gate") =>
    shop.handOver!.find({ run: "42", attempt: 9, model: "digits", command }, signal);

  test("is its outcome, with the run, the attempt and the commit", async () => {
    const { shop } = workshop(3);
    const image = { repository, digest: sha256("a") };
    const outcome = outcomeOf("gate", { verdict: "fail", headline: "too slow", image, url: "http://127.0.0.1:1" });
    expect(await recorded(shop, asked("gate"), signal, async () => outcome)).toBe(outcome);
    expect(await found(shop, "gate")).toEqual({
      command: "gate",
      model: "digits",
      run: githubOrigin.run,
      attempt: 3,
      commit: githubOrigin.commit,
      verdict: "fail",
      headline: "too slow",
      image,
      url: "http://127.0.0.1:1",
      at: "2026-11-23T12:00:00.000Z",
    });
  });

  test("is an error with its first line when it has no outcome, and the error goes on", async () => {
    const { shop } = workshop(1);
    const problem = (message: string): Problem => ({ code: "model.corrupt", message, hint: "" });
    const error = new UserError([problem("first"), problem("second")]);
    await expect(recorded(shop, asked("package"), signal, () => Promise.reject(error))).rejects.toBe(error);
    expect(await found(shop, "package")).toMatchObject({ verdict: "error", headline: "first", image: null });
    const bug = new TypeError("secret in a stack");
    await expect(recorded(shop, asked("gate"), signal, () => Promise.reject(bug))).rejects.toBe(bug);
    expect((await found(shop, "gate"))?.headline).toBe("modelgate failed: its log has the reason");
  });

  test("cannot be left: package fails, as the next job would not find its image; others warn", async () => {
    const { shop, warnings } = workshop(1, broken(refused));
    const run = (command: CommandName) => recorded(shop, asked(command), signal, async () => outcomeOf(command));
    await expect(run("package")).rejects.toBe(refused);
    expect((await run("gate")).headline).toBe("done");
    expect(warnings).toMatchObject([
      { code: "registry.denied", message: expect.stringContaining("this gate came to") },
    ]);
    const error = new UserError([{ code: "data.empty", message: "no rows", hint: "" }]);
    await expect(recorded(shop, asked("gate"), signal, () => Promise.reject(error))).rejects.toBe(error);
  });

  test.each<[string, number, CommandName]>([
    ["outside a run", 0, "package"],
    ["of a command that needs no right to write", 1, "validate"],
    ["of a command that only looks", 1, "verify"],
  ])("%s is nothing", async (_what, attempt, command) => {
    const { shop, warnings } = workshop(attempt, broken(refused));
    await recorded(shop, asked(command), signal, async () => outcomeOf(command));
    expect(warnings).toEqual([]);
  });
});
