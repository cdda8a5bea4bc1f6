import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { isAlive, ownIdentity, type ProcessIdentity } from "../../system/processes.ts";

/** The process that holds a lease. */
export interface Holder extends ProcessIdentity {
  machine: string;
}

/** Where a process number means something: on Linux this boot of this kernel and its process namespace, else the host. */
async function machine(): Promise<string> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()}/${await readlink("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** This process. */
export const thisProcess = async (): Promise<Holder> => ({ machine: await machine(), ...(await ownIdentity()) });

/** Whether a holder is surely gone. Of another machine nothing is sure: its lease has to run out. */
export const isGone = async (holder: Holder): Promise<boolean> =>
  holder.machine === (await machine()) && !(await isAlive(holder));
