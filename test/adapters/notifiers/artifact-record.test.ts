import { expect, test } from "vitest";
import { fakeGitHub } from "../../fakes/github.ts";
import { releaseOf } from "../../fakes/release.ts";
import { shown, signal, viewOf } from "./view.ts";

const settings = { artifactRecord: true };
const release = releaseOf("a");

test("what runs where is recorded on the organisation's page, and what was removed too", async () => {
  await using github = await fakeGitHub();
  const { view, warnings } = viewOf(github, { settings });
  await view.show(shown("promote", release), signal);
  await view.show(
    shown("remove", null, { environment: "production", previousImage: release.image, verdict: "none" }),
    signal,
  );
  expect([warnings, github.violations]).toEqual([[], []]);
  expect(github.bodies).toMatchObject(
    ["deployed", "decommissioned"].map((status) => ({
      status,
      name: "registry.example/acme/digits",
      digest: release.image.digest,
      logical_environment: "production",
      deployment_name: "digits-digits",
      github_repository: "digits",
    })),
  );
});

test.each([
  ["a candidate in staging", shown("deploy", release)],
  ["a run", shown("run", release)],
  [
    "what is removed from staging",
    shown("remove", null, { environment: "staging", previousImage: release.image, verdict: "none" }),
  ],
] as const)("%s is not recorded", async (_, outcome) => {
  await using github = await fakeGitHub();
  await viewOf(github, { settings }).view.show(outcome, signal);
  expect(github.calls).toEqual([]);
});

test("a repository of a person has no such page, which is said in a sentence", async () => {
  await using github = await fakeGitHub();
  const { view, warnings, notes } = viewOf(github, { settings, run: { owner: "user" } });
  await view.show(shown("promote", release), signal);
  expect([warnings, github.calls]).toEqual([[], []]);
  expect(notes).toEqual([
    "acme/digits belongs to a person: only organisations have linked artifacts, so none is recorded.",
  ]);
});

test("an Enterprise Server without it is no failure, and is said in a sentence", async () => {
  await using github = await fakeGitHub();
  github.instead = ({ url }) =>
    url.pathname.startsWith("/orgs/") ? { status: 404, body: { message: "Not Found" } } : null;
  const { view, warnings, notes } = viewOf(github, { settings, run: { serverUrl: "https://github.acme.example" } });
  await view.show(shown("promote", release), signal);
  expect(warnings).toEqual([]);
  expect(notes[0]).toMatch(/^https:\/\/github\.acme\.example has no linked artifacts for acme/);
});
