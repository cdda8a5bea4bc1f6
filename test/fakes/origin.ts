import type { Origin } from "../../src/domain/release.ts";

/** A job on GitHub. */
export const githubOrigin: Origin = {
  actor: "ada",
  commit: "0123456789abcdef0123456789abcdef01234567",
  run: "https://github.com/acme/digits/actions/runs/42",
  repository: "https://github.com/acme/digits",
  ref: "refs/heads/main",
  workflow: "https://github.com/acme/digits/.github/workflows/release.yml@refs/heads/main",
};

/** A terminal outside a repository. */
export const terminalOrigin: Origin = {
  actor: "ada",
  commit: null,
  run: null,
  repository: null,
  ref: null,
  workflow: null,
};
