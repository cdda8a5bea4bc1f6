import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/domain/digest.ts";
import type { LegCommand } from "../../src/domain/hand-over.ts";
import type { HandOver } from "../../src/ports/hand-over.ts";
import { handedOverOf } from "../fakes/handed-over.ts";

const run = "12345678901";

/** What every hand-over must do. `another` is one of another job in the same place. */
export function handOverContract(
  name: string,
  make: () => Promise<{ handOver: HandOver; another: () => HandOver }>,
): void {
  describe(`hand-over ${name}`, () => {
    const { signal } = new AbortController();
    const key = (command: LegCommand, fields: Partial<{ run: string; attempt: number; model: string }> = {}) => ({
      run,
      attempt: 1,
      model: "digits",
      command,
      ...fields,
    });

    test("has nothing before anybody left something", async () => {
      const { handOver } = await make();
      expect(await handOver.find(key("package"), signal)).toBeNull();
    });

    test("gives another job what was left, all of it", async () => {
      const { handOver, another } = await make();
      const image = { repository: "registry.example:5000/acme/digits", digest: sha256("image") };
      const records = [
        handedOverOf("package", { image, headline: 'ünï "quoted"\nline' }),
        handedOverOf("deploy", { url: "http://127.0.0.1:9000", commit: null }),
        handedOverOf("gate", { verdict: "error", image: null }),
      ];
      for (const record of records) await handOver.leave(run, record, signal);
      for (const record of records) expect(await another().find(key(record.command), signal)).toEqual(record);
    });

    test("keeps runs, models and commands apart, also those whose names are put together alike", async () => {
      const { handOver, another } = await make();
      const long = "m".repeat(99);
      const models = ["a", "a.gate", "gate.a", "a-gate", "1.gate.a", `${long}1`, `${long}2`];
      const runs = [run, "1", "11"];
      for (const id of runs)
        for (const model of models)
          for (const command of ["package", "gate"] as const)
            await handOver.leave(id, handedOverOf(command, { model, headline: `${id} ${model} ${command}` }), signal);
      for (const id of runs)
        for (const model of models)
          for (const command of ["package", "gate"] as const)
            expect((await another().find(key(command, { run: id, model }), signal))?.headline).toBe(
              `${id} ${model} ${command}`,
            );
      expect(await another().find(key("smoke", { model: "a" }), signal)).toBeNull();
      expect(await another().find(key("gate", { run: "111", model: "a" }), signal)).toBeNull();
    });

    test("gives the newest attempt up to the one that asks: jobs that did not run again left theirs before", async () => {
      const { handOver, another } = await make();
      for (const attempt of [1, 3])
        await handOver.leave(run, handedOverOf("package", { attempt, headline: `attempt ${attempt}` }), signal);
      const found = async (attempt: number) => (await another().find(key("package", { attempt }), signal))?.headline;
      expect([await found(1), await found(2), await found(3), await found(9)]).toEqual([
        "attempt 1",
        "attempt 1",
        "attempt 3",
        "attempt 3",
      ]);
    });

    test("has what a command said last when it says something twice in one attempt", async () => {
      const { handOver, another } = await make();
      await handOver.leave(run, handedOverOf("smoke", { verdict: "fail" }), signal);
      await handOver.leave(run, handedOverOf("smoke", { verdict: "pass" }), signal);
      expect((await another().find(key("smoke"), signal))?.verdict).toBe("pass");
    });

    test("loses nothing of many jobs at the same time", async () => {
      const { another } = await make();
      const models = Array.from({ length: 20 }, (_, index) => `m${index}`);
      await Promise.all(models.map((model) => another().leave(run, handedOverOf("package", { model }), signal)));
      const found = await Promise.all(models.map((model) => another().find(key("package", { model }), signal)));
      expect(found.map((record) => record?.model)).toEqual(models);
    });
  });
}
