import { expect, test } from "vitest";
import { measureOperation, wantedOperations } from "../../src/commands/operation.ts";
import type { Workshop } from "../../src/commands/workshop.ts";
import { sha256 } from "../../src/domain/digest.ts";
import { checkOf } from "../../src/domain/gate/decide.ts";
import type { Image } from "../../src/domain/image.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";

const { signal } = new AbortController();
const image = { repository: "r.example/m", digest: sha256("candidate") };
const champion = { repository: "r.example/m", digest: sha256("champion") };

const shopOf = (...gates: string[]) =>
  ({
    config: { gates: gates.map(checkOf), evaluate: { pricePerHour: null } },
    builder: {
      async size({ digest }: Image) {
        if (digest === image.digest) return 480e6;
        throw new UserError([{ code: "release.not-found", message: "it is gone", hint: "." }]);
      },
    },
  }) as unknown as Workshop;
const about = { release: { image } as Release, environment: "staging", champion, load: null, memory: null };

test("nothing is measured that no gate names", async () => {
  expect(wantedOperations(shopOf("accuracy >= 0.9"))).toEqual({});
  expect(await measureOperation(shopOf("accuracy >= 0.9"), about, signal)).toEqual({});
});

test("a champion whose registry has it no longer has no size, and the candidate has its own", async () => {
  const found = await measureOperation(shopOf("image.size <= champion"), about, signal);
  expect(found["image.size"]).toMatchObject({ candidate: { value: 480e6 }, champion: { missing: "it is gone" } });
});

test("memory of rows that other jobs asked is not known", async () => {
  const found = await measureOperation(shopOf("memory.max <= 1 GB", "cost_per_1k <= 1"), about, signal);
  expect(Object.keys(found)).toEqual(["memory.max", "cost_per_1k"]);
  expect(found["memory.max"]?.candidate).toEqual({ missing: "its rows were asked in parts, by other jobs" });
});
