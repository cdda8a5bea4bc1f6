// oxlint-disable-next-line import/no-unassigned-import -- the library of certificates asks for it, and exports nothing to use
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

/** A certificate with its key, both as PEM. */
export interface Issued {
  cert: string;
  key: string;
}

/** An authority of a test. */
export interface Authority {
  cert: string;
  /** A certificate for a name that is to be called by an address or a host name. */
  issue(name: string, at: { type: "ip" | "dns"; value: string }): Promise<Issued>;
}

const curve = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;
const keyPair = () => webcrypto.subtle.generateKey(curve, true, ["sign", "verify"]);
const validity = () => ({ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) });

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const body = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${body.replaceAll(/.{64}/g, "$&\n").trim()}\n-----END PRIVATE KEY-----\n`;
}

/** Makes an authority, valid from yesterday until tomorrow. */
export async function authority(name: string): Promise<Authority> {
  const keys = await keyPair();
  const issuer = `CN=${name}`;
  const extensions = [new BasicConstraintsExtension(true, undefined, true)];
  const own = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: "01", name: issuer, keys, signingAlgorithm: curve, extensions },
    ...validity(),
  });
  let serial = 1;
  return {
    cert: own.toString("pem"),
    async issue(subject, at) {
      const { publicKey, privateKey } = await keyPair();
      const made = await X509CertificateGenerator.create({
        ...{ serialNumber: String(++serial).padStart(2, "0"), subject: `CN=${subject}`, issuer },
        ...{ publicKey, signingKey: keys.privateKey, signingAlgorithm: curve, ...validity() },
        extensions: [new SubjectAlternativeNameExtension([at])],
      });
      return { cert: made.toString("pem"), key: await keyPem(privateKey) };
    },
  };
}
