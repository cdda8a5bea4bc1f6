/** The commit of the kit that the callers name: whatever it is, the rig takes this checkout. */
export const pinned = "0".repeat(40);

const uses = (file: string): string => `uses: modelgate/modelgate/.github/workflows/${file}@${pinned} # v0.1.0`;

/** How the callers hand over a key: not at all for keyless signing. */
const secrets = (withKey: boolean): string =>
  withKey ? "\n    secrets:\n      signing-key: ${{ secrets.MODELGATE_SIGNING_KEY }}" : "";

/** The callers of the kit as docs/workflows.md has them, file name → text. */
export const callers = (withKey: boolean): Record<string, string> => ({
  "model.yml": `name: model
on:
  push: { branches: [main] }
  pull_request:
  merge_group:
  workflow_dispatch:
  schedule: [{ cron: "17 6 * * *", timezone: Europe/Berlin }]
permissions: {}
jobs:
  release:
    permissions: # the most that any of its jobs may have; each takes less
      { contents: read, packages: write, id-token: write, deployments: write, statuses: write, pull-requests: write }
    ${uses("release.yml")}${secrets(withKey)}
`,
  "promote.yml": `name: promote
on:
  workflow_dispatch:
    inputs:
      config: { description: Which model, type: string, default: models/digits/modelgate.yml }
      image: { description: "repository@sha256:…; by default the last that passed in staging", type: string }
      reason: { description: Why, type: string, required: true }
permissions: {}
jobs:
  promote:
    permissions:
      { contents: read, packages: write, id-token: write, deployments: write, issues: write, artifact-metadata: write }
    ${uses("promote.yml")}
    with:
      config: \${{ inputs.config }}
      image: \${{ inputs.image }}
      reason: \${{ inputs.reason }}${secrets(withKey)}
`,
  "rollback.yml": `name: rollback
on:
  workflow_dispatch:
    inputs:
      config: { description: Which model, type: string, default: models/digits/modelgate.yml }
      reason: { description: Why, type: string, required: true }
permissions: {}
jobs:
  rollback:
    permissions: { contents: read, packages: write, deployments: write, artifact-metadata: write }
    ${uses("rollback.yml")}
    with:
      config: \${{ inputs.config }}
      reason: \${{ inputs.reason }}
`,
});
