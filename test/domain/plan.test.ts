import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Candidate, joined, planModels, resolvedPaths } from "../../src/domain/plan.ts";

const model = (name: string, fields: Partial<Candidate> = {}): Candidate => ({
  name,
  config: `models/${name}/modelgate.yml`,
  files: [`models/${name}/modelgate.yml`, `models/${name}/${name}.onnx`, "data/holdout.csv"],
  file: `models/${name}/${name}.onnx`,
  ...fields,
});

/** Names of what is released when these paths changed. */
const planned = (models: readonly Candidate[], ...changed: string[]): string[] =>
  planModels(models, new Set(changed))
    .filter((decision) => decision.planned)
    .map(({ name }) => name);

const [a, b] = [model("a"), model("b")];

describe("a model is released", () => {
  test("when a file that it names changed, and a shared file releases all that name it", () => {
    expect(planned([a, b], "models/a/a.onnx")).toEqual(["a"]);
    expect(planned([a, b], "models/b/modelgate.yml")).toEqual(["b"]);
    expect(planned([a, b], "data/holdout.csv")).toEqual(["a", "b"]);
    expect(planned([a, b], "models/b/b.onnx", "models/a/a.onnx")).toEqual(["a", "b"]);
  });

  test("when something in a folder that it names changed, at any depth", () => {
    const folder = model("a", { files: ["models/a/server", "models/a/weights"], file: null });
    expect(planned([folder], "models/a/server/lib/x.mjs")).toEqual(["a"]);
    expect(planned([folder], "models/a/serverless.mjs")).toEqual([]);
    expect(planned([folder], "models/a/weights/.hidden")).toEqual(["a"]);
  });

  test("when the submodule that its file lies in moved", () => {
    expect(planned([model("a", { files: ["vendor/zoo/a.onnx"] })], "vendor/zoo")).toEqual(["a"]);
    expect(planned([model("a", { files: ["vendor/zoology/a.onnx"] })], "vendor/zoo")).toEqual([]);
  });

  test("when everything counts", () => {
    expect(planModels([a, b], "all").map((decision) => decision.planned)).toEqual([true, true]);
  });

  test("with the reason: the first path, and how many more", () => {
    const why = (...changed: string[]) => planModels([a], new Set(changed))[0]!.why;
    expect(why("data/holdout.csv")).toBe("data/holdout.csv changed");
    expect(why("data/holdout.csv", "models/a/a.onnx", "models/a/a.onnx.data")).toBe(
      "models/a/a.onnx and 2 more changed",
    );
    expect(why("README.md")).toBe("nothing it names changed");
    expect(planModels([a], "all")[0]!.why).toBe("all are asked for");
  });
});

describe("a model is not released", () => {
  test.each([".github/workflows/release.yml", "README.md", "models/README.md", "models/b/b.onnx", "data/train.csv"])(
    "when only %s changed",
    (path) => {
      expect(planned([a], path)).toEqual([]);
    },
  );

  test("when nothing changed", () => {
    expect(planned([a, b])).toEqual([]);
  });
});

describe("what lies beside a model's file", () => {
  test.each([
    "models/a/a.onnx.data",
    "models/a/a.onnx_data",
    "models/a/encoder.layers.0.weight",
    "models/a/parts/0.bin",
    "models/a/w",
  ])("may be its weights: %s", (path) => {
    expect(planned([a, b], path)).toEqual(["a"]);
  });

  test.each([
    "models/a/train.py",
    "models/a/README.md",
    "models/a/LICENSE",
    "models/a/Dockerfile",
    "models/a/notes/plot.PNG",
    "models/a/.cache/w.bin",
    "models/a/other.onnx",
  ])("cannot be: %s", (path) => {
    expect(planned([a], path)).toEqual([]);
  });

  test("is the nearest model's, and where several files lie together the one's whose name it begins with", () => {
    const together = ["a", "b"].map((name) => model(name, { file: `models/${name}.onnx` }));
    expect(planned(together, "models/a.onnx.data")).toEqual(["a"]);
    expect(planned(together, "models/shared.bin")).toEqual(["a", "b"]);
    const root = model("root", { file: "root.onnx" });
    expect(planned([root, a], "models/a/w.bin")).toEqual(["a"]);
    expect(planned([root, a], "w.bin")).toEqual(["root"]);
  });

  test("is not a model's when another one names it for its own", () => {
    const other = model("b", { files: ["models/a/tokens.bin"] });
    expect(planned([a, other], "models/a/tokens.bin")).toEqual(["b"]);
  });

  test("of a folder's model is of no account: the folder itself is named", () => {
    expect(planned([model("a", { files: ["models/a/weights"], file: null })], "models/a/w.bin")).toEqual([]);
  });
});

const segment = fc.constantFrom("a", "b", "c.bin", "d e", "ü");
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

test("whatever changed, a model is released when and because a path is its own, in its folder, or the folder it is in", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 4 }), fc.array(path, { maxLength: 6 }), (files, changed) => {
      const isIn = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
      const expected = files.some((file) => changed.some((one) => isIn(one, file) || isIn(file, one)));
      expect(planned([model("a", { files, file: null })], ...changed)).toEqual(expected ? ["a"] : []);
    }),
  );
});

describe("links", () => {
  const links = new Map([
    ["models/current", "v3"],
    ["models/v3/m.onnx", "../../store/m.onnx"],
    ["round", "about"],
    ["about", "round"],
    ["out", "/etc"],
    ["up", "../../outside"],
  ]);

  test("a path is itself, every link on the way, and where they lead", () => {
    expect(resolvedPaths("models/current/m.onnx", links)).toEqual([
      "models/current/m.onnx",
      "models/current",
      "models/v3/m.onnx",
      "store/m.onnx",
    ]);
    expect(resolvedPaths("models/v3", links)).toEqual(["models/v3"]);
  });

  test("what goes round in circles ends, and what leads out of the repository is left out", () => {
    expect(resolvedPaths("round/x", links)).toEqual(["round/x", "round", "about/x", "about"]);
    expect(resolvedPaths("out/x", links)).toEqual(["out/x", "out"]);
    expect(resolvedPaths("up", links)).toEqual(["up"]);
  });

  test.each<[string, string, string | null]>([
    ["models/a", "../../data/x.csv", "data/x.csv"],
    ["models/a", "./m.onnx", "models/a/m.onnx"],
    ["", "m.onnx", "m.onnx"],
    ["a", "..", ""],
    ["a", "../..", null],
    ["", "../x", null],
    ["a", "/x", null],
  ])("from %j, %j is %j", (folder, written, found) => {
    expect(joined(folder, written)).toBe(found);
  });
});
