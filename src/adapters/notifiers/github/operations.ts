/** What a call to GitHub's API is for, what it takes, and whether it may be made twice. */
export interface Operation {
  /** As it stands after "while". */
  during: string;
  /** The permission it takes, as a job writes it. The one for writing, where a later call needs that anyway. */
  permission: string;
  /** Whether a second call has no second effect that anyone sees. */
  idempotent: boolean;
}

const deployments = "deployments: write";
const comments = "pull-requests: write";

/** Every call of the view. docs/github.md shows the permissions. */
export const operations = {
  listDeployments: { during: "looking for deployments", permission: deployments, idempotent: true },
  createDeployment: { during: "making a deployment", permission: deployments, idempotent: false },
  listDeploymentStatuses: { during: "reading what a deployment came to", permission: deployments, idempotent: true },
  createDeploymentStatus: { during: "saying what a deployment came to", permission: deployments, idempotent: true },
  createCommitStatus: { during: "setting the status of the commit", permission: "statuses: write", idempotent: true },
  listComments: { during: "looking for the comment", permission: comments, idempotent: true },
  createComment: { during: "writing the comment", permission: comments, idempotent: false },
  updateComment: { during: "writing the comment anew", permission: comments, idempotent: true },
  whoAmI: { during: "asking whose the token is", permission: comments, idempotent: true },
  recordArtifact: {
    during: "recording what runs where",
    permission: "artifact-metadata: write",
    idempotent: true,
  },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
