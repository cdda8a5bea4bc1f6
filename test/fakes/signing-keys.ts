import { generateKeyPairSync, type KeyObject } from "node:crypto";

/** Made once with cosign v3.1.3: `cosign generate-key-pair`. */
export const cosignKey = {
  passphrase: "correct horse",
  sealed: `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiI1WWZtQ29sVEVxS2hJWjRQeWlRVEU4R3gyZWhoSmE0
dHhlYW9abUFzVXdZPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJiY21hZ1YvRzBTblVMYXpDOGFyeXNnY2loV1FPNmc0USJ9LCJj
aXBoZXJ0ZXh0IjoiSFZpU3ZMdGdwTlFoaHBUa2Jydkx2Mk5BVlJVYm1mTHJpc1c4
UEppb3VEVTB2c2tGUzVRbENIYkJydEhWUHcxRFAzd2NRbWlya3dUaWZPUDRicmlR
ZHV5SndLVTJoVllFYlBsL29mMXVma0xLM1djSHJKWXZRaUprdHE3SU1FZzZZeVhQ
blQ4T29KOTdIWERCRkE1czhyNDJBeUdodlcvRlFMUm1hTFNRYXdaaU5ENThCQzZF
ZzV1R0RuOHVuTnJlQWlUaVBKbnpzZitocVE9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
`,
  publicKey: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELP+WTfu/KyIVTGcfZr5mxlJpMmON
+iF8c0WrwVK6MxTCv7PLTdPahmnS57SG1DXnmEbsrbWgFApuGsEQStFAMg==
-----END PUBLIC KEY-----
`,
};

const publicPem = (key: KeyObject): string => key.export({ format: "pem", type: "spki" }).toString();

/** A fresh pair as PEM: the private key in PKCS#8. */
export function keyPair(type: "p256" | "ed25519"): { privateKey: string; publicKey: string; key: KeyObject } {
  const { privateKey, publicKey } =
    type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  return { privateKey: pem, publicKey: publicPem(publicKey), key: privateKey };
}
