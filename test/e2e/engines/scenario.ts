import { expect } from "vitest";
import type { Event } from "./act/run.ts";
import type { Consumer } from "./consumer/index.ts";
import { type KitOptions, type KitRun, runKit } from "./kit.ts";
import type { Machine } from "./machine.ts";

/** What the rig takes out of each workflow of the kit, because act cannot read it or does not do it. */
const perCheckout = "uses actions/checkout";
const perStage = "uses $/.github/actions/stage";
const environment = ["environment", "environment.deployment", "concurrency.queue"];
const loweredIn: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "release.yml": {
    plan: [perCheckout, perStage],
    build: [perCheckout, perStage],
    shard: [perCheckout, perStage, ...environment],
    stage: [perCheckout, perStage, ...environment],
    collect: [perCheckout, perStage],
  },
  "promote.yml": {
    verify: [perCheckout, perStage],
    promote: [perCheckout, perStage, ...environment, "permissions.artifact-metadata"],
  },
  "rollback.yml": { rollback: [perCheckout, perStage, ...environment, "permissions.artifact-metadata"] },
};

/** `release.yml jobs.stage uses $/…`, each once, of the called workflows. */
const allowed = new Set(
  Object.entries(loweredIn).flatMap(([file, jobs]) =>
    Object.entries(jobs).flatMap(([job, whats]) => whats.map((what) => `${file} jobs.${job} ${what}`)),
  ),
);
const ofCallers = /^\w+\.yml (jobs\.\w+ permissions\.artifact-metadata|on\.schedule\.timezone)$/;

/** A run of a scenario. */
export interface ScenarioRun extends KitRun {
  /** Annotations of errors, `code: first line`. */
  errors: string[];
  warnings: string[];
  /** All summaries in one. */
  summary: string;
}

const words = ({ title, message }: { title?: string; message: string }): string =>
  `${title?.replace("modelgate: ", "") ?? ""}: ${message.split("\n")[0]}`;

/**
 * Runs a workflow of a consumer and checks what must hold of every run: GitHub's description allows every request and answer,
 * nothing but known names was asked for, and the rig took out no more than is listed.
 */
export async function runScenario(
  machine: Machine,
  consumer: Consumer,
  workflow: string,
  event: Event & { actor?: string },
  options: Partial<KitOptions> = {},
): Promise<ScenarioRun> {
  const { github } = machine;
  const ran = await runKit({
    consumer,
    workflow,
    github,
    secrets: consumer.secrets,
    ...event,
    ...options,
    environment: { ...machine.environment, ...options.environment },
  });
  expect(ran.violations).toEqual([]);
  expect(ran.refused).toEqual([]);
  expect(ran.lowered.filter((what) => !allowed.has(what) && !ofCallers.test(what))).toEqual([]);
  const of = (level: string): string[] =>
    ran.annotations.filter((annotation) => annotation.level === level).map((annotation) => words(annotation));
  return {
    ...ran,
    errors: of("error"),
    warnings: of("warning"),
    summary: ran.summaries.join("\n"),
  };
}

/** For {@link KitOptions.edit}: has the rows of each model shared out over so many jobs, as a caller's input would. */
export const sharedOut =
  (parts: number) =>
  (file: string, text: string): string => {
    const list = JSON.stringify(Array.from({ length: parts }, (_, index) => `${index + 1}/${parts}`));
    return file === "release.yml" ? text.replace(/^( {6}shards:\n[^]*?default: )""/m, `$1'${list}'`) : text;
  };

/** What each job printed, for the message of a failed expectation. */
export const printedBy = (ran: KitRun): string =>
  Object.entries(ran.printed)
    .map(([job, text]) => `--- ${job}\n${text.slice(-4000)}`)
    .join("\n");

/** The calls of GitHub's API that changed something, in order, with commits and numbers left out. */
export const writesOf = ({ calls }: KitRun): string[] =>
  calls
    .filter((call) => !call.startsWith("GET "))
    .map((call) => call.replaceAll(/\/([0-9a-f]{40}|\d+)(?=[/ ])/g, "/…").replace(/\/repos\/acme\/\w+/, ""));
