import { describe, expect, test } from "vitest";
import { isObject, type JsonValue } from "../../src/domain/json.ts";
import type { ImportedValue } from "../../src/domain/outside/imported.ts";
import type { Importer } from "../../src/ports/importer.ts";

export interface ImporterTraits {
  importer: Importer;
  /** Results of the tool that measured this image. */
  body: () => { [key: string]: JsonValue };
  image: string;
  /** Some of what is in them. */
  values: Readonly<Record<string, Partial<ImportedValue>>>;
  /** Names that are in them and are no metric of one meaning. */
  none: readonly string[];
  /** Puts another image where the tool puts it. */
  naming(body: { [key: string]: JsonValue }, image: string | null): void;
  /** Results of other tools. */
  foreign: readonly JsonValue[];
}

const close = ({ value, error, ...rest }: Partial<ImportedValue>) => ({
  ...rest,
  ...(value !== undefined && { value: expect.closeTo(value as number, 12) as unknown }),
  ...(error !== undefined && { error: error === null ? null : (expect.closeTo(error, 12) as unknown) }),
});

/** What every reader of results does. */
export function importerContract(tool: string, traits: ImporterTraits): void {
  const { importer, body, image, values, none, naming, foreign } = traits;
  const changed = (change: (body: { [key: string]: JsonValue }) => void) => {
    const other = body();
    change(other);
    return importer.read(other);
  };

  describe(`Importer: ${tool}`, () => {
    test("the image is the one that was measured", () => {
      expect(importer.read(body()).image).toBe(image);
      expect(importer.imageBy).toMatch(/MODELGATE_IMAGE/);
    });

    test("numbers stand under the tool's own names", () => {
      const found = importer.read(body()).values;
      for (const [name, value] of Object.entries(values))
        expect([name, found.get(name)]).toEqual([name, expect.objectContaining(close(value))]);
      expect(none.filter((name) => found.has(name))).toEqual([]);
    });

    test("another image is told, and none is none", () => {
      expect(changed((other) => naming(other, "r.example/other@sha256:b")).image).toBe("r.example/other@sha256:b");
      expect(changed((other) => naming(other, null)).image).toBeNull();
    });

    test("an image added to the file counts, and may not contradict", () => {
      const added = changed((other) => {
        naming(other, null);
        other["metadata"] = { image };
      });
      expect(added.image).toBe(image);
      if (isObject(body()["metadata"]) && "image" in (body()["metadata"] as object)) return;
      expect(() => changed((other) => void (other["metadata"] = { image: "r.example/other@sha256:b" }))).toThrow(
        /several images/,
      );
    });

    test("what is not the tool's is refused", () => {
      for (const other of [...foreign, {}, [], "x", null, 3]) expect(() => importer.read(other)).toThrow(RangeError);
    });
  });
}
