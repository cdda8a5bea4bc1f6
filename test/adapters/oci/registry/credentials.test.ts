import { expect, test } from "vitest";
import {
  type DockerConfig,
  dockerCredentials,
  type RunHelper,
} from "../../../../src/adapters/oci/registry/credentials.ts";

const auth = btoa("ada:pass:word");
const ada = { username: "ada", password: "pass:word" };

/** A helper program that knows some hosts. */
function helper(known: Record<string, string>): { run: RunHelper; calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    run: (command, words, input) => {
      calls.push([command, ...words, input].join(" "));
      const stdout = known[input];
      return Promise.resolve(
        stdout === undefined
          ? { stdout: "credentials not found in native keychain\n", exitCode: 1 }
          : { stdout, exitCode: 0 },
      );
    },
  };
}

test.each<[DockerConfig, string, object | null]>([
  [{}, "ghcr.io", null],
  [{ auths: { "ghcr.io": { auth } } }, "ghcr.io", ada],
  [{ auths: { "https://ghcr.io/v2/": { auth } } }, "ghcr.io", ada],
  [{ auths: { "https://index.docker.io/v1/": { auth } } }, "docker.io", ada],
  [{ auths: { "ghcr.io": ada } }, "ghcr.io", ada],
  [{ auths: { "ghcr.io": { auth } } }, "evil-ghcr.io", null],
  [{ auths: { "ghcr.io": { auth } } }, "ghcr.io:5000", null],
  [{ auths: { "ghcr.io": { auth: btoa("no colon") } } }, "ghcr.io", null],
  [{ auths: { "ghcr.io": {} } }, "ghcr.io", null],
  [{ auths: { "a.azurecr.io": { identitytoken: "t" } } }, "a.azurecr.io", { username: "<token>", password: "t" }],
])("from %j, %s gets what Docker would give it", async (config, host, credentials) => {
  expect(await dockerCredentials(config, host, helper({}).run)).toEqual(credentials);
});

test("a host's own helper is asked before the store, and the store before the file", async () => {
  const { run, calls } = helper({
    "a.example": '{"Username":"h","Secret":"s"}',
    "b.example": '{"Username":"<token>","Secret":"t"}',
  });
  const config = { credsStore: "desktop", credHelpers: { "a.example": "ecr-login" }, auths: { "c.example": { auth } } };
  expect(await dockerCredentials(config, "a.example", run)).toEqual({ username: "h", password: "s" });
  expect(await dockerCredentials(config, "b.example", run)).toEqual({ username: "<token>", password: "t" });
  expect(await dockerCredentials(config, "c.example", run)).toEqual(ada);
  expect(await dockerCredentials(config, "docker.io", run)).toBeNull();
  expect(calls).toEqual([
    "docker-credential-ecr-login get a.example",
    "docker-credential-desktop get b.example",
    "docker-credential-desktop get c.example",
    "docker-credential-desktop get https://index.docker.io/v1/",
  ]);
});

test.each([
  [{ stdout: "", exitCode: 127 }, "cannot be started"],
  [{ stdout: "the secret is s3cret", exitCode: 2 }, "failed with exit code 2"],
  [{ stdout: "s3cret", exitCode: 0 }, "did not answer with a name and a secret"],
  [{ stdout: '{"Username":1,"Secret":"s3cret"}', exitCode: 0 }, "did not answer with a name and a secret"],
])("a helper that answers %j is named, and what it printed is not", async (answer, why) => {
  const error: unknown = await dockerCredentials({ credsStore: "pass" }, "ghcr.io", () =>
    Promise.resolve(answer),
  ).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    problem: {
      code: "registry.denied",
      message: `docker-credential-pass, which Docker's config.json names for ghcr.io, ${why}`,
    },
  });
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
});

test("a helper's name is never a path", async () => {
  const { run, calls } = helper({});
  await expect(dockerCredentials({ credsStore: "../evil" }, "ghcr.io", run)).rejects.toThrow(/not a helper's name/);
  expect(calls).toEqual([]);
});
