import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundleFromJSON, type SerializedBundle } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { beforeEach, describe, expect, test } from "vitest";
import { type GitHub, type Job, type Permissions, startGitHub } from "./engines/github/index.ts";

const repository = "/repos/acme/models";
let github: GitHub;
beforeEach(async () => {
  github = await startGitHub({ collaborators: { grace: "write" } });
  return async () => {
    await github[Symbol.asyncDispose]();
    if (github.violations.length > 0) throw new Error(`The fake is wrong: ${JSON.stringify(github.violations)}`);
  };
});

const jobWith = (permissions: Permissions): Job => ({
  token: "ghs_test",
  workflow: "release.yml",
  job: "stage",
  permissions,
  claims: {
    ...{ repository: "acme/models", repository_owner: "acme", repository_id: "1", repository_owner_id: "2" },
    ...{ ref: "refs/heads/main", sha: "a".repeat(40), event_name: "push", run_id: "1", run_attempt: "1" },
    job_workflow_ref: "modelgate/modelgate/.github/workflows/release.yml@refs/tags/v1",
  },
});

type Thing = Record<string, unknown> & { id: number };
const as = (login: string, method: string, path: string, body?: object): Promise<Thing> =>
  github.as(login, method, path, body) as Promise<Thing>;
const many = (path: string): Promise<Thing[]> => github.as("ada", "GET", path) as Promise<Thing[]>;

const deploy = (environment: string): Promise<Thing> =>
  as("ada", "POST", `${repository}/deployments`, {
    ref: "main",
    environment,
    auto_merge: false,
    required_contexts: [],
  });
const say = (id: number, state: string): Promise<Thing> =>
  as("ada", "POST", `${repository}/deployments/${id}/statuses`, { state });
const lastOf = async (id: number): Promise<unknown> =>
  (await many(`${repository}/deployments/${id}/statuses`))[0]?.["state"];

describe("deployments", () => {
  test("success makes prior ones of the environment inactive, but never those of production", async () => {
    for (const [environment, before] of [
      ["staging", "inactive"],
      ["production", "success"],
    ] as const) {
      const [first, second] = [await deploy(environment), await deploy(environment)];
      await say(first.id, "success");
      await say(second.id, "success");
      expect(await lastOf(first.id)).toBe(before);
      expect(await lastOf(second.id)).toBe("success");
    }
  });

  test("are listed newest first, by environment, in pages that lead on", async () => {
    for (const environment of ["staging", "production", "staging", "staging"]) await deploy(environment);
    const headers = { authorization: "Bearer ghp_ada" };
    const page = await fetch(`${github.apiUrl}${repository}/deployments?environment=staging&per_page=2`, { headers });
    const ids = ((await page.json()) as Thing[]).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    const [, next] = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "") ?? [];
    const rest = (await (await fetch(next!, { headers })).json()) as Thing[];
    expect(rest).toHaveLength(1);
    expect(ids).not.toContain(rest[0]!.id);
  });

  test("need an explicit list of contexts and no merge, and a description of at most 140 characters", async () => {
    const bare = { ref: "main", environment: "staging" };
    await expect(as("ada", "POST", `${repository}/deployments`, bare)).rejects.toThrow("409");
    const { id } = await deploy("staging");
    const long = { state: "success", description: "x".repeat(141) };
    await expect(as("ada", "POST", `${repository}/deployments/${id}/statuses`, long)).rejects.toThrow("422");
  });
});

describe("issues and comments", () => {
  test("say who wrote them, what they are to the repository, and that they were edited", async () => {
    const { number } = await as("acme", "POST", `${repository}/issues`, { title: "Approve", labels: ["modelgate"] });
    const path = `${repository}/issues/${number as number}/comments`;
    for (const login of ["grace", "mallory", "helper[bot]"]) await as(login, "POST", path, { body: "I approve" });
    const comments = await many(path);
    expect(comments.map((comment) => [comment["author_association"], (comment["user"] as Thing)["type"]])).toEqual([
      ["COLLABORATOR", "User"],
      ["NONE", "User"],
      ["NONE", "Bot"],
    ]);
    expect(comments[0]!["updated_at"]).toBe(comments[0]!["created_at"]);
    await as("grace", "PATCH", `${repository}/issues/comments/${comments[0]!.id}`, { body: "I do not" });
    const [edited] = await many(path);
    expect(edited).toMatchObject({ body: "I do not" });
    expect(Date.parse(String(edited!["updated_at"]))).toBeGreaterThan(Date.parse(String(edited!["created_at"])));
    await as("grace", "POST", `${repository}/issues/comments/${edited!.id}/reactions`, { content: "+1" });
    expect(await many(`${repository}/issues/comments/${edited!.id}/reactions`)).toHaveLength(1);
    await as("acme", "PATCH", `${repository}/issues/${number as number}`, { state: "closed" });
    expect(await many(`${repository}/issues`)).toEqual([]);
    expect(await many(`${repository}/issues?state=closed&labels=modelgate`)).toHaveLength(1);
  });

  test("hold at most 65,536 characters", async () => {
    await as("ada", "POST", `${repository}/issues`, { title: "Long" });
    const body = "x".repeat(65_537);
    await expect(as("ada", "POST", `${repository}/issues/1/comments`, { body })).rejects.toThrow("422");
  });
});

test("the repository, a person's permission, a file and a commit's status are as GitHub describes them", async () => {
  expect(await as("ada", "GET", repository)).toMatchObject({ full_name: "acme/models", default_branch: "main" });
  for (const [login, permission] of [
    ["acme", "admin"],
    ["grace", "write"],
    ["mallory", "none"],
  ] as const)
    expect(await as("ada", "GET", `${repository}/collaborators/${login}/permission`)).toMatchObject({ permission });
  github.state.contents.set("models/digits/modelgate.yml", "model: {}\n");
  const file = await as("ada", "GET", `${repository}/contents/models/digits/modelgate.yml`);
  expect(Buffer.from(String(file["content"]), "base64").toString()).toBe("model: {}\n");
  const sha = "a".repeat(40);
  await as("ada", "POST", `${repository}/statuses/${sha}`, { state: "success", context: "modelgate" });
  expect(await many(`${repository}/commits/${sha}/statuses`)).toEqual([expect.objectContaining({ state: "success" })]);
  const record = { name: "digits", digest: `sha256:${"b".repeat(64)}`, logical_environment: "production" };
  for (const status of ["deployed", "decommissioned"]) {
    const body = { ...record, status, deployment_name: "digits" };
    await as("ada", "POST", "/orgs/acme/artifacts/metadata/deployment-record", body);
  }
  expect(github.state.records.map(({ status }) => status)).toEqual(["decommissioned"]);
  await as("ada", "POST", `${repository}/dispatches`, { event_type: "retrain", client_payload: { model: "digits" } });
  await as("ada", "POST", `${repository}/actions/workflows/promote.yml/dispatches`, {
    ref: "main",
    inputs: { reason: "x" },
  });
  expect(github.state.dispatches).toHaveLength(2);
});

test("a comment on a pull request needs pull-requests or issues, on an issue only issues will do", async () => {
  const status = async (permissions: Permissions, number: number): Promise<number> => {
    github.startRun([jobWith(permissions)]);
    const init = { method: "POST", headers: { authorization: "Bearer ghs_test" }, body: JSON.stringify({ body: "x" }) };
    return (await fetch(`${github.apiUrl}${repository}/issues/${number}/comments`, init)).status;
  };
  await as("ada", "POST", `${repository}/issues`, { title: "An issue" });
  const pull = { head: "a".repeat(40), headRepository: "acme/models", headRef: "x", base: "main" };
  github.state.issues.push({ ...github.state.issues[0]!, number: 2, pullRequest: pull });
  expect(await status({ "pull-requests": "write" }, 1)).toBe(403);
  expect(await status({ "pull-requests": "write" }, 2)).toBe(201);
  expect(await status({ issues: "write" }, 1)).toBe(201);
  expect(await status({ "pull-requests": "read" }, 2)).toBe(403);
  expect(github.denied.map(({ needs }) => needs)).toEqual(["issues: write", "issues: write or pull-requests: write"]);
});

describe("Sigstore", () => {
  const statement = JSON.stringify({ _type: "https://in-toto.io/Statement/v1", subject: [], predicateType: "x" });
  const sign = async (job: Job): Promise<SerializedBundle> => {
    github.startRun([job]);
    const script = join(import.meta.dirname, "../fixtures/rig/sign.mjs");
    const env = { ...github.environment, ...github.identityEnvironment(job), PATH: process.env["PATH"], CI: "true" };
    const { stdout } = await promisify(execFile)(process.execPath, [script, statement], { env });
    return JSON.parse(stdout) as SerializedBundle;
  };
  const verifier = (): Verifier => {
    const root: unknown = JSON.parse(readFileSync(github.trustedRootFile, "utf8"));
    return new Verifier(toTrustMaterial(TrustedRoot.fromJSON(root)), {
      ...{ tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 },
    });
  };

  test("gives a job a certificate in the called workflow's name; certificate, timestamp and log entry verify", async () => {
    const bundle = bundleFromJSON(await sign(jobWith({ "id-token": "write" })));
    const policy = { extensions: { issuer: "https://token.actions.githubusercontent.com" } };
    const name = "https://github.com/modelgate/modelgate/.github/workflows/release.yml@refs/tags/v1";
    const { identity } = verifier().verify(toSignedEntity(bundle), { ...policy, subjectAlternativeName: name });
    expect(identity?.subjectAlternativeName).toBe(name);
    const other = { ...policy, subjectAlternativeName: /mallory/ };
    expect(() => verifier().verify(toSignedEntity(bundle), other)).toThrow(/identity/i);
    expect(github.refused).toEqual([]);
    expect(github.log.map(({ host }) => host)).toEqual([
      ...["127.0.0.1", "fulcio.sigstore.dev", "timestamp.githubapp.com", "rekor.sigstore.dev"],
    ]);
  });

  test("gives none without id-token: write, nor for a token of another provider", async () => {
    await expect(sign(jobWith({ contents: "read" }))).rejects.toThrow(/identity token/);
    const elsewhere = await startGitHub();
    const token = await elsewhere.oidc.tokenFor(jobWith({}), "sigstore");
    await elsewhere[Symbol.asyncDispose]();
    const request = { credentials: { oidcIdentityToken: token }, publicKeyRequest: { publicKey: { content: "" } } };
    const answer = await github.sigstore.handle({
      ...{ method: "POST", host: "fulcio.sigstore.dev", headers: {}, body: Buffer.from(JSON.stringify(request)) },
      url: new URL("https://fulcio.sigstore.dev/api/v2/signingCert"),
    });
    expect(answer.status).toBe(401);
  });

  test("is one for two repositories on the same GitHub", async () => {
    const fork = await startGitHub({ repository: "mallory/models", like: github });
    await fork[Symbol.asyncDispose]();
    expect(readFileSync(github.trustedRootFile, "utf8")).toBe(JSON.stringify(fork.sigstore.trustedRoot, null, 2));
  });
});
