import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import type { SignerIdentity, TrustedIdentity } from "../../src/domain/signature.ts";
import { keylessIdentity, trustProblem } from "../../src/domain/trust.ts";

type Keyless = Extract<SignerIdentity, { kind: "keyless" }>;

const github = "https://token.actions.githubusercontent.com";
const signer: Keyless = {
  kind: "keyless",
  issuer: github,
  workflow: "acme/kit/.github/workflows/release.yml",
  workflowRef: "refs/tags/v1",
  repository: "acme/digits",
  ref: "refs/heads/main",
  commit: "0123",
  run: "https://github.com/acme/digits/actions/runs/7/attempts/1",
};
const trusted: TrustedIdentity = {
  issuer: github,
  workflow: "acme/kit/.github/workflows/release.yml",
  repository: "acme/digits",
  ref: "refs/heads/main",
};

describe("a workflow", () => {
  const codeOf = (by: Partial<Keyless>, ...identities: TrustedIdentity[]) =>
    trustProblem({ ...signer, ...by }, { keys: [], identities })?.code ?? null;

  test("that is named is trusted", () => {
    expect(codeOf({}, trusted)).toBeNull();
  });

  test.each<[string, Partial<Keyless>, string]>([
    ["of a fork", { repository: "mallory/digits" }, "evidence.signer-repository"],
    [
      "of a fork with its own copy of the workflow",
      { repository: "mallory/digits", workflow: "mallory/digits/.github/workflows/release.yml" },
      "evidence.signer-repository",
    ],
    ["of no stated repository", { repository: null }, "evidence.signer-repository"],
    ["with another file", { workflow: "acme/kit/.github/workflows/test.yml" }, "evidence.signer-workflow"],
    ["with a file in other case", { workflow: "acme/kit/.github/workflows/Release.yml" }, "evidence.signer-workflow"],
    [
      "of another repository's file",
      { workflow: "mallory/kit/.github/workflows/release.yml" },
      "evidence.signer-workflow",
    ],
    ["whose file goes on", { workflow: "acme/kit/.github/workflows/release.yml.evil" }, "evidence.signer-workflow"],
    ["on another branch", { ref: "refs/heads/main2" }, "evidence.signer-ref"],
    ["on a tag of the branch's name", { ref: "refs/tags/main" }, "evidence.signer-ref"],
    ["on no stated ref", { ref: null }, "evidence.signer-ref"],
    ["of another issuer", { issuer: "https://gitlab.example" }, "evidence.signer-issuer"],
    ["of an issuer that begins alike", { issuer: `${github}.evil.example` }, "evidence.signer-issuer"],
  ])("%s is refused with its own code", (_what, by, code) => {
    expect(codeOf(by, trusted)).toBe(code);
  });

  test("is known whatever case its owner and repository are written in", () => {
    const workflow = "ACME/Kit/.github/workflows/release.yml";
    expect(codeOf({ repository: "Acme/DIGITS", workflow }, trusted)).toBeNull();
  });

  test("on any ref is trusted where none is named", () => {
    expect(codeOf({ ref: "refs/pull/7/merge" }, { ...trusted, ref: null })).toBeNull();
    expect(codeOf({ ref: null }, { ...trusted, ref: null })).toBeNull();
  });

  test("is trusted when one of several fits as a whole", () => {
    const others = [
      { ...trusted, repository: "acme/other" },
      { ...trusted, ref: "refs/heads/release" },
    ];
    expect(codeOf({}, ...others, trusted)).toBeNull();
  });

  test("is not trusted for parts of several", () => {
    const others = [
      { ...trusted, repository: "acme/other" },
      { ...trusted, ref: "refs/heads/release" },
    ];
    expect(codeOf({}, ...others)).toBe("evidence.signer-ref");
  });

  test("is told what it lacks of the one it is closest to, with both values", () => {
    const far = { ...trusted, issuer: "https://gitlab.example" };
    const problem = trustProblem({ ...signer, ref: "refs/heads/x" }, { keys: [], identities: [far, trusted] });
    expect(problem?.code).toBe("evidence.signer-ref");
    expect(problem?.message).toContain("refs/heads/x");
    expect(problem?.message).toContain("refs/heads/main");
  });

  test("is refused where no workflow is named", () => {
    expect(codeOf({})).toBe("evidence.signer-workflow");
  });

  test("is trusted only when all of it is as trusted, whatever else there is", () => {
    const one = <T>(...values: T[]) => fc.constantFrom(...values);
    const identity = fc.record({
      issuer: one(github, "https://gitlab.example"),
      workflow: one(trusted.workflow, "acme/kit/.github/workflows/b.yml"),
      repository: one("acme/digits", "mallory/digits"),
      ref: one<string | null>("refs/heads/main", "refs/heads/b", null),
    });
    fc.assert(
      fc.property(identity, fc.array(identity, { maxLength: 4 }), (by, identities) => {
        const fits = identities.some(
          (t) =>
            t.issuer === by.issuer &&
            t.workflow === by.workflow &&
            t.repository === by.repository &&
            (t.ref === null || t.ref === by.ref),
        );
        expect(trustProblem({ ...signer, ...by }, { keys: [], identities }) === null).toBe(fits);
      }),
    );
  });
});

describe("a key", () => {
  const known = sha256("known");

  test("that is named is trusted", () => {
    expect(
      trustProblem({ kind: "key", fingerprint: known }, { keys: [sha256("other"), known], identities: [] }),
    ).toBeNull();
  });

  test("that is not named is refused, whatever workflows are trusted", () => {
    const problem = trustProblem({ kind: "key", fingerprint: sha256("x") }, { keys: [known], identities: [trusted] });
    expect(problem).toMatchObject({ code: "evidence.signer-key" });
    expect(problem?.message).toContain(sha256("x"));
  });
});

describe("the holder of a certificate", () => {
  const claims = {
    subject: "https://github.com/acme/kit/.github/workflows/release.yml@refs/tags/v1",
    issuer: github,
    signerUri: null,
    repositoryUri: "https://github.com/acme/digits",
    commit: "0123",
    ref: "refs/heads/main",
    runUri: "https://github.com/acme/digits/actions/runs/7/attempts/1",
  };

  test("is the workflow, its ref, and what it ran for", () => {
    expect(keylessIdentity(claims)).toEqual(signer);
  });

  test("loses the name of the server, whichever it is", () => {
    const subject = "https://ghe.acme.example/acme/kit/.github/workflows/release.yml@refs/tags/v1";
    const identity = keylessIdentity({ ...claims, subject, repositoryUri: "https://ghe.acme.example/acme/digits" });
    expect(identity).toMatchObject({ workflow: signer.workflow, repository: "acme/digits" });
  });

  test("has a ref with an @ in it", () => {
    const subject = "https://github.com/acme/kit/.github/workflows/release.yml@refs/heads/a@b";
    expect(keylessIdentity({ ...claims, subject })).toMatchObject({
      workflow: signer.workflow,
      workflowRef: "refs/heads/a@b",
    });
  });

  test("is named by the address of the signer where the subject is missing", () => {
    expect(keylessIdentity({ ...claims, subject: null, signerUri: claims.subject })).toEqual(signer);
  });

  test.each(["ada@acme.example", "https://gitlab.example/acme/digits", "", "@", "acme/kit/.github/workflows/"])(
    "that is no workflow (%j) is never a trusted one",
    (subject) => {
      const identity = keylessIdentity({ ...claims, subject });
      expect(identity.workflowRef).toBe("");
      expect(trustProblem(identity, { keys: [], identities: [trusted] })).toMatchObject({
        code: "evidence.signer-workflow",
      });
    },
  );

  test("of whom nothing is stated is nobody", () => {
    const none = {
      subject: null,
      issuer: null,
      signerUri: null,
      repositoryUri: null,
      commit: null,
      ref: null,
      runUri: null,
    };
    expect(trustProblem(keylessIdentity(none), { keys: [], identities: [trusted] })).not.toBeNull();
  });
});
