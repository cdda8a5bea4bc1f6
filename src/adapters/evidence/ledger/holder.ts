import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { alive } from "../../system/files.ts";

/** The process that holds a lease. */
export interface Holder {
  machine: string;
  pid: number;
}

/** Where a process number means something: on Linux this boot of this kernel and its process namespace, else the host. */
function machine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** This process. */
export const thisProcess = (): Holder => ({ machine: machine(), pid: process.pid });

/** Whether a holder is surely gone. Of another machine nothing is sure: its lease has to run out. */
export const isGone = (holder: Holder): boolean => holder.machine === machine() && !alive(holder.pid);
