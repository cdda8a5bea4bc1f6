import { describe, expect, onTestFinished, test } from "vitest";
import { WorldError } from "../../src/domain/problem.ts";
import type { Release } from "../../src/domain/release.ts";
import type { Platform } from "../../src/ports/platform.ts";

/** A platform with nothing on it, and releases to try it with. */
export interface PlatformUnderTest {
  platform: Platform;
  /** `good` and `other` run; `never-ready` starts, prints a line that says why it cannot, and never serves. */
  release(variant: "good" | "other" | "never-ready"): Promise<Release>;
  dispose(): Promise<void>;
}

/** What every platform must do. */
export function platformContract(name: string, make: () => Promise<PlatformUnderTest>): void {
  describe(`platform ${name}`, () => {
    const { signal } = new AbortController();
    const open = async (): Promise<PlatformUnderTest> => {
      const made = await make();
      onTestFinished(() => made.dispose());
      return made;
    };

    test("runs nothing before the first deployment", async () => {
      const { platform } = await open();
      expect(await platform.current(signal)).toBeNull();
    });

    test("runs the image and the model bytes that were deployed", async () => {
      const { platform, release } = await open();
      const good = await release("good");
      const { running, replaced } = await platform.deploy(good, signal);
      expect(replaced).toBeNull();
      expect(running).toMatchObject({ image: good.image, modelDigest: good.model.digest });
      expect(running.endpoint.protocol).toBe(good.protocol);
      expect(await platform.current(signal)).toEqual(running);
    });

    test("deployed twice is deployed once", async () => {
      const { platform, release } = await open();
      const good = await release("good");
      const first = await platform.deploy(good, signal);
      const second = await platform.deploy(good, signal);
      expect(second.running).toEqual(first.running);
      expect(second.interruption).toBe("");
      expect(await platform.current(signal)).toEqual(first.running);
    });

    test("says what was replaced", async () => {
      const { platform, release } = await open();
      const [good, other] = [await release("good"), await release("other")];
      await platform.deploy(good, signal);
      const { running, replaced } = await platform.deploy(other, signal);
      expect(replaced).toMatchObject({ image: good.image, modelDigest: good.model.digest });
      expect(running).toMatchObject({ image: other.image, modelDigest: other.model.digest });
      expect(await platform.current(signal)).toEqual(running);
    });

    test("keeps the old release when the new one never gets ready, and shows its last lines", async () => {
      const { platform, release } = await open();
      const good = await release("good");
      const { running } = await platform.deploy(good, signal);
      const error = await platform.deploy(await release("never-ready"), signal).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(WorldError);
      const { problem } = error as WorldError;
      expect(["platform.not-ready", "platform.exited"]).toContain(problem.code);
      expect(problem.message).toMatch(/last lines?:?\s+\S/i);
      expect(await platform.current(signal)).toMatchObject({ image: running.image, modelDigest: running.modelDigest });
    });

    test("removes what runs, also when nothing does", async () => {
      const { platform, release } = await open();
      await platform.deploy(await release("good"), signal);
      await platform.remove(signal);
      expect(await platform.current(signal)).toBeNull();
      await platform.remove(signal);
      expect(await platform.current(signal)).toBeNull();
    });

    test("runs a release again after it was removed", async () => {
      const { platform, release } = await open();
      const good = await release("good");
      await platform.deploy(good, signal);
      await platform.remove(signal);
      const { replaced } = await platform.deploy(good, signal);
      expect(replaced).toBeNull();
      expect(await platform.current(signal)).toMatchObject({ image: good.image, modelDigest: good.model.digest });
    });
  });
}
