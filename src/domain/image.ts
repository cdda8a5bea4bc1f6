import { type Digest, isDigest } from "./digest.ts";

/** An image in a registry, by digest. There is no tag field: after `package` nothing takes a tag. */
export interface Image {
  /** Registry host, optional port, and path: `ghcr.io/acme/digits`. The embedded registry is `embedded/<model name>`. */
  repository: string;
  digest: Digest;
}

/** The host part of images kept in the embedded registry (an OCI layout folder). */
export const embeddedHost = "embedded";

const repositoryPattern = /^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+$/;

/** Whether a text is `host[:port]/path` as the OCI distribution specification allows. */
export const isRepository = (text: string): boolean => text.length <= 255 && repositoryPattern.test(text);

/**
 * Reads `repository@sha256:…`.
 * @throws RangeError when the digest is missing (a tag is not enough) or the repository is malformed.
 */
export function parseImage(text: string): Image {
  const [repository, digest, ...rest] = text.split("@");
  if (!repository || !digest || rest.length > 0 || !isDigest(digest))
    throw new RangeError(
      `"${text}" does not name an image by digest; write repository@sha256:… (64 hex digits), not a tag`,
    );
  if (!isRepository(repository))
    throw new RangeError(`"${repository}" is not a repository; write host[:port]/path in lower case`);
  return { repository, digest };
}

/** `repository@sha256:…` */
export const formatImage = (image: Image): string => `${image.repository}@${image.digest}`;

/** The package URL of an image (https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md). */
export const imagePurl = ({ repository, digest }: Image): string =>
  `pkg:oci/${repository.split("/").at(-1)!}@${digest.replace(":", "%3A")}?repository_url=${repository.replace(":", "%3A")}`;
