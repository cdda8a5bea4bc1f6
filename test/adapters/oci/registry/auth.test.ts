import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { Authorization, parseChallenges } from "../../../../src/adapters/oci/registry/auth.ts";

test.each([
  ['Basic realm="a, b"', [{ scheme: "basic", parameters: { realm: "a, b" } }]],
  [
    'Bearer realm="https://a.example/token",service="a.example",scope="repository:x/y:pull,push"',
    [
      {
        scheme: "bearer",
        parameters: { realm: "https://a.example/token", service: "a.example", scope: "repository:x/y:pull,push" },
      },
    ],
  ],
  [
    'bearer Realm = "r" , error=insufficient_scope',
    [{ scheme: "bearer", parameters: { realm: "r", error: "insufficient_scope" } }],
  ],
  [
    'Negotiate, Basic realm="one \\"two\\"", Bearer realm="r"',
    [
      { scheme: "negotiate", parameters: {} },
      { scheme: "basic", parameters: { realm: 'one "two"' } },
      { scheme: "bearer", parameters: { realm: "r" } },
    ],
  ],
  ["Basic", [{ scheme: "basic", parameters: {} }]],
  ["", []],
  ['=,=,"', []],
])("the header %j is read", (header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges);
});

test("an identity token is exchanged for an access token by a form, and never stands in an address", async () => {
  const seen: { line: string; form: Record<string, string>; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const form = Object.fromEntries(new URLSearchParams(body));
      seen.push({ line: `${request.method} ${request.url}`, form, authorization: request.headers.authorization });
      response.end(JSON.stringify({ access_token: "access", expires_in: 300 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { username: "<token>", password: "identity" };
  const authorization = new Authorization(new URL(`${origin}/v2/a/`), () => Promise.resolve(credentials));
  const scopes = ["repository:a:pull,push", "repository:b:pull"];
  authorization.challenged(`Bearer realm="${origin}/oauth2/token",service="s"`, scopes);
  expect(await authorization.header(scopes, new AbortController().signal)).toBe("Bearer access");
  const form = { grant_type: "refresh_token", refresh_token: "identity", client_id: "modelgate", service: "s" };
  expect(seen).toEqual([
    { line: "POST /oauth2/token", form: { ...form, scope: scopes.join(" ") }, authorization: undefined },
  ]);
});
