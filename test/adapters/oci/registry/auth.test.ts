import { expect, test } from "vitest";
import { parseChallenges } from "../../../../src/adapters/oci/registry/auth.ts";

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
