import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { githubClient, statusOf } from "../../../src/adapters/github/client.ts";
import { UserError, WorldError } from "../../../src/domain/problem.ts";

const { signal } = new AbortController();
const asked = { during: "asking for an approval", permission: "issues: write", signal };

/** A GitHub that answers everything in one way. */
async function answering(status: number, message: string, headers: Record<string, string> = {}) {
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ message }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = githubClient({ apiUrl: `http://127.0.0.1:${port}`, repository: "acme/models", token: "secret" });
  const error: unknown = await client
    .ask(asked, (octokit, at) => octokit.rest.issues.get({ ...at, issue_number: 1 }))
    .catch((reason: unknown) => reason);
  return error;
}

test("a permission that is missing is named as the line to add", async () => {
  const error = (await answering(403, "Resource not accessible by integration")) as UserError;
  expect(error).toBeInstanceOf(UserError);
  expect(error.problems).toEqual([
    {
      code: "github.permission",
      message: expect.stringMatching(/^GitHub answered 403 while asking for an approval: Resource not accessible/),
      hint: "Add to the job, and to the job that calls it:\n  permissions:\n    issues: write",
    },
  ]);
  expect(statusOf(error)).toBe(403);
});

test.each([
  ["429", 429, "Too many requests", {}],
  ["an empty limit", 403, "API rate limit exceeded", { "x-ratelimit-remaining": "0" }],
  ["a limit that is only said", 403, "API rate limit exceeded for installation", {}],
  ["a second limit", 403, "You have exceeded a secondary rate limit", { "retry-after": "60" }],
  ["an outage", 503, "Service unavailable", {}],
])("%s is no lack of permission: it may go on later", async (_, status, message, headers) => {
  const error = (await answering(status, message, headers as Record<string, string>)) as WorldError;
  expect(error).toBeInstanceOf(WorldError);
  expect(error).toMatchObject({ retryable: true, problem: { code: "github.unavailable" } });
  expect(error.retryAfter).toBe("retry-after" in headers ? 60_000 : null);
});

test.each([
  [404, "Not Found"],
  [410, "Issues are disabled for this repo"],
  [422, "Validation Failed"],
])("%i is GitHub's refusal, in its own words", async (status, message) => {
  const error = (await answering(status, message)) as WorldError;
  expect(error).toMatchObject({ retryable: false, problem: { code: "github.refused" } });
  expect(error.problem.message).toContain(message);
  expect(statusOf(error)).toBe(status);
});

test("no message has the token in it", async () => {
  for (const status of [401, 403, 404, 500])
    expect(String(((await answering(status, "no")) as Error).message)).not.toContain("secret");
});
