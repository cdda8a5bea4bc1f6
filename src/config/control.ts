import { z } from "zod";
import { path, text } from "./texts.ts";
import { duration } from "./units.ts";

export const variable = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]*$/)
  .meta({ form: "the name of an environment variable, never its value" });
const header = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/)
  .meta({ form: "the name of an HTTP header" });

export const access = z
  .strictObject({
    headers: z
      .record(header, variable)
      .default({})
      .describe("Header → the variable that holds its value, such as Bearer …"),
    host: z
      .string()
      .regex(/^[A-Za-z0-9.-]+(:\d+)?$/)
      .meta({ form: "a host name, with its port where it has one" })
      .optional()
      .describe("What the Host header says, where a gateway needs another than the address's"),
    tls: z
      .strictObject({
        ca: path.optional().describe("PEM file of the authorities to trust, instead of the machine's"),
        cert: variable
          .optional()
          .describe("The variable that holds the client certificate, as PEM text or as the path of a PEM file"),
        key: variable.optional().describe("The variable that holds its private key, likewise"),
        "server-name": text.optional().describe("The name the server's certificate has, where it is not the address's"),
      })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), "needs cert and key together")
      .optional()
      .describe("How https endpoints are trusted, and who asks"),
  })
  .describe("What requests to the model carry where it asks for credentials; smoke then asks without them too");

const repository = z
  .string()
  .regex(/^[\w.-]+\/[\w.-]+$/)
  .meta({ form: "owner/repository" });

const account = z
  .string()
  .regex(/^[a-zA-Z\d](?:[a-zA-Z\d_-]*[a-zA-Z\d])?$/)
  .meta({ form: "the name of a GitHub account, without @; teams are not known" });

/** Who signs, and how. */
export const signing = z
  .strictObject({
    method: z
      .enum(["keyless", "key", "none"])
      .describe("keyless: the job's own identity (GitHub OIDC); key: a PEM file; none: embedded registry only"),
    key: variable
      .optional()
      .describe("With key: the variable that holds the private key, as PEM text or as the path of a PEM file"),
    passphrase: variable.optional().describe("The variable that holds the key's passphrase"),
    instance: z
      .enum(["public-good", "github"])
      .optional()
      .describe("Sigstore instance for keyless; default: public-good for public repositories, github for the others"),
  })
  .describe("How evidence is signed; needed with image.repository");

const identity = z.strictObject({
  repository: repository.describe("The repository whose runs are trusted"),
  workflow: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+\/\.github\/workflows\/[\w.-]+\.ya?ml$/)
    .meta({ form: "owner/repository/.github/workflows/file.yml" })
    .describe("The workflow file that signs; of a reusable workflow the called one"),
  ref: text.optional().describe("The ref its runs must be about, such as refs/heads/main; default: any"),
  issuer: text.default("https://token.actions.githubusercontent.com").describe("The OpenID issuer"),
});

/** Whose signatures count. */
export const trust = z
  .strictObject({
    keys: z.array(path).default([]).describe("PEM files of public keys"),
    identities: z.array(identity).default([]).describe("Workflows that sign without a key"),
    "trusted-root": path
      .optional()
      .describe("Sigstore trusted_root.json; absent: fetched by TUF from the public-good instance"),
  })
  .describe("Whose evidence counts");

/** A person's agreement, where GitHub's own reviewers are not to be had. */
export const approval = z
  .strictObject({
    by: z.array(account).min(1).describe("GitHub accounts that may approve"),
    required: z
      .enum(["always", "loosened"])
      .default("loosened")
      .describe("always, or only when the policy was loosened"),
    expires: duration("24 h").optional().describe("How long an approval counts; default 24 h"),
  })
  .describe("Who agrees to a promotion in a comment; a loosened policy needs one approval more");

/** How GitHub shows what was done. */
export const github = z
  .strictObject({
    "deployment-record": z
      .enum(["auto", "own", "none"])
      .default("auto")
      .describe(
        "auto: GitHub makes deployments for jobs with an environment, and modelgate adds the rest; own: modelgate makes them; none",
      ),
    comment: z.boolean().default(true).describe("One comment per pull request, kept up to date"),
    "commit-status": z.boolean().default(true).describe("The verdict as a status of the commit"),
    "artifact-record": z.boolean().default(false).describe("Linked-artifact deployment records of the organisation"),
  })
  .describe("How GitHub shows what was done");
