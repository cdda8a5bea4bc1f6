/** What a fake registry can be told to be. All are off in `plainSwitches`: then it is a good registry. */
export interface Switches {
  /** Answers a PUT with a body by 405. */
  noPut: boolean;
  /** Answers a PATCH by 405. */
  noPatch: boolean;
  /** Answers a PATCH that says its length by 416 above this many bytes, as GHCR. */
  longestPatch: number;
  /** Answers any body above this many bytes by 413, as a proxy does; one without a length when it has come so far. */
  longestBody: number;
  /** Said as `OCI-Chunk-Min-Length`. */
  leastPiece: number;
  location: "relative" | "absolute" | "other host";
  mount: "mounts" | "does not" | "refuses";
  referrers: "api" | "tag";
  /** Whether an upload that broke can be asked for and gone on with, as distribution v3 and unlike 2.8. */
  resumes: boolean;
  /** Next uploads' connections are cut when this share of their bytes is there. */
  cuts: number[];
  /** Next answers to requests whose `METHOD path` matches are this status. */
  troubles: { when: RegExp; status: number; code?: string; retryAfter?: string; after?: boolean }[];
  /** Blobs and manifests are served with their first byte changed. */
  tampers: boolean;
  /** Blobs are served by another host, behind a redirect. */
  redirects: boolean;
  /** How tags are listed: in pages with a Link, in pages without one, or all at once, as distribution 2.8. */
  tags: "links" | "pages" | "all";
  /** Entries in one answer of the referrers API, and of a list of tags with links. */
  pageEntries: number;
  access:
    | { kind: "open" }
    | { kind: "basic"; username: string; password: string }
    | {
        kind: "token";
        username: string;
        password: string;
        seconds: number;
        /** Requests that a token is good for, whatever it says. */
        uses: number;
        /** Scopes that the token service does not grant. */
        withholds: RegExp;
      };
}

export const plainSwitches = (): Switches => ({
  noPut: false,
  noPatch: false,
  longestPatch: Number.POSITIVE_INFINITY,
  longestBody: Number.POSITIVE_INFINITY,
  leastPiece: 0,
  location: "relative",
  mount: "mounts",
  referrers: "api",
  resumes: false,
  cuts: [],
  troubles: [],
  tampers: false,
  redirects: false,
  tags: "links",
  pageEntries: 100,
  access: { kind: "open" },
});
