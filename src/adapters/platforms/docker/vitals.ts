import type { Vitals } from "../../../ports/platform.ts";
import type { Container, dockerEngine } from "./engine.ts";

const units: Readonly<Record<string, number>> = { B: 1, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };

/** The bytes that `docker stats` writes as `12.3MiB / 1.9GiB`; null for anything else. */
export function usedBytes(usage: string): number | null {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*\//i.exec(usage) ?? [];
  const factor = units[unit?.toUpperCase() ?? ""];
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor);
}

/** Restarts and memory of a container, as the engine counts them. @throws WorldError `platform.unavailable`. */
export async function vitalsOf(
  engine: ReturnType<typeof dockerEngine>,
  { Id, RestartCount }: Container,
  signal: AbortSignal,
): Promise<Vitals> {
  const words = ["stats", "--no-stream", "--format", "{{.MemUsage}}", Id];
  return { restarts: RestartCount, memoryBytes: usedBytes(await engine.docker("measuring memory", words, signal)) };
}
