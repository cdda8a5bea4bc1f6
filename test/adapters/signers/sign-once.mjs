import { setGlobalProxyFromEnv } from "node:http";
import { keylessSigner } from "../../../src/adapters/signers/keyless.ts";

// A process of its own, that honours the proxy of its environment as modelgate does.
setGlobalProxyFromEnv();
const { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN } = process.env;
const env = { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN };
const signer = keylessSigner({ instance: "github", env });
await signer.sign(new TextEncoder().encode("{}"), new AbortController().signal).catch((error) => {
  process.stdout.write(error.message);
});
