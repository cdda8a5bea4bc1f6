import * as http from "node:http";
import { UserError } from "../../domain/problem.ts";

type Environment = Readonly<Record<string, string | undefined>>;

let proxyEnv: Environment | null = null;

/** What an agent of its own needs to go through the proxy of the machine; nothing where none was honoured. */
export const proxyOptions = (): { proxyEnv?: Environment } => (proxyEnv ? { proxyEnv } : {});

/**
 * Has registries, APIs and endpoints reached through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, where Node can (24.14
 * and later); loopback never is. @throws UserError `config.value` for what is no address of a proxy.
 */
export function honourProxy(env: Environment): void {
  const loopback = "127.0.0.1,localhost,[::1]";
  const without = [env["NO_PROXY"] ?? env["no_proxy"], loopback].filter(Boolean).join(",");
  const told = { ...env, NO_PROXY: without, no_proxy: without };
  try {
    http.setGlobalProxyFromEnv?.(told);
  } catch {
    // The address may hold a password: it is not shown.
    throw new UserError([
      {
        code: "config.value",
        message: "HTTP_PROXY or HTTPS_PROXY is not the address of a proxy",
        hint: "Write http://host:port, or unset it.",
      },
    ]);
  }
  proxyEnv = told;
}
