/** The services of a Sigstore instance. */
export interface Instance {
  fulcio: string;
  timestamp: string;
  /** Null: the instance has no transparency log. */
  rekor: string | null;
}

export type InstanceName = "public-good" | "github";

/** GitHub's instance is its own for each server: that of a ghe.com tenant has the tenant's name. */
const githubInstance = (server: string): Instance => {
  const { hostname } = new URL(server);
  const host = hostname === "github.com" ? "githubapp.com" : hostname;
  return { fulcio: `https://fulcio.${host}`, timestamp: `https://timestamp.${host}`, rekor: null };
};

/** @param server GITHUB_SERVER_URL */
export const instances = (server: string): Readonly<Record<InstanceName, Instance>> => ({
  "public-good": {
    fulcio: "https://fulcio.sigstore.dev",
    timestamp: "https://timestamp.sigstore.dev",
    rekor: "https://rekor.sigstore.dev",
  },
  github: githubInstance(server),
});
