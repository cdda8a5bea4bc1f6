import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

/** What one command cost. */
export interface Cost {
  /** Wall seconds. */
  wall: number;
  /** CPU seconds, user and system, of the command and of the daemons that work for it. */
  cpu: number;
  /** Peak resident memory of the command's processes together, MiB. */
  rss: number;
  /** Peak growth of the temporary folder's file system, MiB. */
  disk: number;
}

const sampleMilliseconds = 40;
/** Linux counts CPU time in hundredths of a second. */
const ticks = 100;
const mebi = 2 ** 20;

interface Process {
  parent: number;
  name: string;
  /** Seconds, its ended children included. */
  cpu: number;
  /** MiB */
  rss: number;
}

function processes(): Map<number, Process> {
  const found = new Map<number, Process>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const end = stat.lastIndexOf(")");
      const fields = stat
        .slice(end + 2)
        .split(" ")
        .map(Number);
      const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
      found.set(Number(pid), {
        parent: fields[1]!,
        name: stat.slice(stat.indexOf("(") + 1, end),
        cpu: (user + system + endedUser + endedSystem) / ticks,
        rss: (fields[21]! * 4096) / mebi,
      });
    } catch {
      // It ended while it was looked at.
    }
  return found;
}

/** A process and all below it. */
function tree(all: Map<number, Process>, root: number): Process[] {
  const below = [...all].filter(([, { parent }]) => parent === root).flatMap(([pid]) => tree(all, pid));
  const own = all.get(root);
  return own ? [own, ...below] : below;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Runs a command and measures it and, by name, the daemons that work for it. @throws Error when it fails. */
export async function measured(
  [command = "", ...words]: readonly string[],
  options: { env?: NodeJS.ProcessEnv; daemons?: readonly string[]; folder: string },
): Promise<Cost> {
  const daemonCpu = (all: Map<number, Process>): number =>
    sum([...all.values()].filter(({ name }) => options.daemons?.includes(name)).map(({ cpu }) => cpu));
  const used = async (): Promise<number> => {
    const { blocks, bfree, bsize } = await statfs(options.folder);
    return ((blocks - bfree) * bsize) / mebi;
  };
  const [before, daemonsBefore] = [await used(), daemonCpu(processes())];
  const cost: Cost = { wall: 0, cpu: 0, rss: 0, disk: 0 };
  const started = performance.now();
  const child = spawn(command, words, { env: options.env ?? process.env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = `${said}${text}`.slice(-2000)));
  const ended = once(child, "close").then(() => (cost.wall = (performance.now() - started) / 1000));
  while (cost.wall === 0) {
    const all = processes();
    const own = tree(all, child.pid!);
    cost.cpu = Math.max(cost.cpu, sum(own.map(({ cpu }) => cpu)));
    cost.rss = Math.max(cost.rss, sum(own.map(({ rss }) => rss)));
    cost.disk = Math.max(cost.disk, (await used()) - before);
    await Promise.race([ended, wait(sampleMilliseconds)]);
  }
  if (child.exitCode !== 0) throw new Error(`${command} ended with ${child.exitCode}: ${said}`);
  return { ...cost, cpu: cost.cpu + daemonCpu(processes()) - daemonsBefore };
}
