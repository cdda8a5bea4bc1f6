import { describe, expect, test } from "vitest";
import { schemaFault } from "../../src/adapters/schemas/index.ts";
import { goldenDifference } from "../../src/domain/difference.ts";
import { type Golden, readGoldens, recordGolden } from "../../src/domain/golden.ts";
import type { Dtype, TensorSpec } from "../../src/domain/model.ts";
import { UserError } from "../../src/domain/problem.ts";
import type { Tensor, Tensors } from "../../src/domain/tensor.ts";
import { zeros } from "../../src/domain/values.ts";

const specs: TensorSpec[] = [
  { name: "x", dtype: "float32", shape: [-1, 2] },
  { name: "n", dtype: "int64", shape: ["batch"] },
  { name: "t", dtype: "string", shape: [1] },
  { name: "b", dtype: "bool", shape: [] },
];
const inputs = '{"x":[[1,2]],"n":[9007199254740993],"t":["hi"],"b":true}';
const line = (fields: string, id = "a"): string => `{"id":"${id}","inputs":${inputs},${fields}}`;
const read = (text: string) => readGoldens(text, "golden.jsonl", specs);
const golden = (expect: string, options = ""): Golden => read(line(`"expect":${expect}${options}`))[0] as Golden;

const tensor = (dtype: Dtype, shape: readonly number[], data: Tensor["data"]): Tensors => ({
  p: { dtype, shape, data },
});
const difference = (expected: Golden, outputs: Tensors): string | null =>
  goldenDifference(expected, outputs, { labelOf: () => "yes", schemaFault });

describe("a line of a golden file", () => {
  test("is read in the model's types, integers exactly", () => {
    expect(golden('{"label":"yes"}', ',"rtol":0.1,"equal_nan":true')).toEqual({
      id: "a",
      inputs: {
        x: { dtype: "float32", shape: [1, 2], data: [1, 2] },
        n: { dtype: "int64", shape: [1], data: [9007199254740993n] },
        t: { dtype: "string", shape: [1], data: ["hi"] },
        b: { dtype: "bool", shape: [], data: [true] },
      },
      expect: [{ kind: "label", label: "yes" }],
      path: null,
      rtol: 0.1,
      atol: null,
      equalNan: true,
    });
  });

  test("may give a tensor by dtype, shape and flat data", () => {
    const given = line('"expect":{"p":{"shape":[1,2],"data":[0.2,0.8]}}').replace(
      "[[1,2]]",
      '{"dtype":"float32","shape":[1,2],"data":[1,2]}',
    );
    const [first] = read(given) as Golden[];
    expect(first!.inputs["x"]).toEqual({ dtype: "float32", shape: [1, 2], data: [1, 2] });
    expect(difference(first!, tensor("float32", [1, 2], [0.2, 0.8]))).toBeNull();
  });

  test("may be a bad request, whose body need not be JSON", () => {
    expect(
      read(
        '\uFEFF{"id":"half","request":"{\\"inputs\\":[","status":400}\n\n{"id":"big","request":{"id":9007199254740993,"x":NaN},"status":[400,422]}\n',
      ),
    ).toEqual([
      { id: "half", body: '{"inputs":[', status: [400] },
      { id: "big", body: '{"id":9007199254740993,"x":NaN}', status: [400, 422] },
    ]);
  });

  test.each([
    ["no JSON", "{", /not JSON/],
    ["null", "null", /not an object/],
    ["an unknown key", line('"expected":{}'), /"expected" is unknown; known: .*expect/],
    ["no id", '{"inputs":{},"expect":{"label":"x"}}', /"id" is missing/],
    ["no inputs", '{"id":"a","expect":{"label":"x"}}', /"inputs" is missing/],
    ["an input too few", '{"id":"a","inputs":{"x":[[1,2]]},"expect":{"label":"x"}}', /input n is missing/],
    ["an input the model has not", line('"expect":{"label":"x"}').replace('"x"', '"y"'), /no input y/],
    ["another shape", line('"expect":{"label":"x"}').replace("[[1,2]]", "[[1,2,3]]"), /shape \[1,3\].*\[-1,2\]/],
    ["a ragged list", line('"expect":{"label":"x"}').replace("[[1,2]]", "[[1,2],[3]]"), /ragged/],
    ["null in a list", line('"expect":{"label":"x"}').replace("[[1,2]]", "[[1,null]]"), /holds null/],
    ["a text for a number", line('"expect":{"label":"x"}').replace("[[1,2]]", '[[1,"2"]]'), /numbers only/],
    ["NaN to send", line('"expect":{"label":"x"}').replace("[[1,2]]", "[[1,NaN]]"), /NaN/],
    ["half an integer", line('"expect":{"label":"x"}').replace("[9007199254740993]", "[1.5]"), /1\.5.*int64/],
    [
      "another dtype",
      line('"expect":{"label":"x"}').replace("[[1,2]]", '{"dtype":"int8","shape":[1,2],"data":[1,2]}'),
      /"int8".*float32/,
    ],
    ["no expectation", line('"expect":{}'), /expects nothing/],
    ["null as expectation", line('"expect":{"p":null}'), /expected p holds null/],
    ["no text to contain", line('"expect":{"contains":[]}'), /"contains" must be/],
    ["an empty text to contain", line('"expect":{"contains":""}'), /"contains" must be/],
    ["an expression that is none", line('"expect":{"regex":"("}'), /"regex" is no regular expression/],
    ["a number as expression", line('"expect":{"regex":1}'), /"regex" must be a text/],
    ["a schema that asks for nothing", line('"expect":{"schema":{}}'), /"schema" must be/],
    ["a path that is no pointer", line('"expect":1,"path":"p/0"'), /"path" must be a JSON Pointer/],
    ["a path and nothing expected", line('"path":"/p"'), /"expect" must be/],
    ["a negative tolerance", line('"expect":{"label":"x"},"rtol":-1'), /"rtol" must be/],
    ["a bad request without its status", '{"id":"a","request":{}}', /"status" must be/],
    ["a bad request that is right to succeed", '{"id":"a","request":{},"status":200}', /from 400 to 599/],
    ["a status without a request", '{"id":"a","status":400}', /"request".*missing/],
  ])("with %s is told", (_title, text, message) => {
    expect(() => read(text)).toThrow(UserError);
    expect(() => read(text)).toThrow(message);
  });

  test("all lines that are wrong are told at once, with their numbers", () => {
    const twice = `${line('"expect":{"label":"x"}')}\n${line('"expect":{"label":"x"}')}`;
    const error = (() => {
      try {
        return read(`{\n\n[]\n${twice}`);
      } catch (reason) {
        return reason as UserError;
      }
    })() as UserError;
    expect(error.problems.map(({ at }) => at?.line)).toEqual([1, 3, 5]);
    expect(error.message).toMatch(/"a" stands twice/);
  });
});

describe("an answer is held against what is expected", () => {
  test.each<[string, Dtype, number, boolean]>([
    ["double precision, by 1e-6", "float64", 1 + 5e-7, true],
    ["double precision, by more", "float64", 1 + 5e-6, false],
    ["single precision, by 1e-3", "float32", 1.0005, true],
    ["single precision, by more", "float32", 1.005, false],
    ["half precision, by 2e-2", "float16", 1.015, true],
    ["bfloat16, by more", "bfloat16", 1.05, false],
  ])("%s", (_title, dtype, value, close) => {
    expect(difference(golden('{"p":[3,1]}'), tensor(dtype, [2], [3, value])) === null).toBe(close);
  });

  test("its own tolerance wins over the default", () => {
    expect(difference(golden('{"p":[3,1]}', ',"rtol":0.5'), tensor("float32", [2], [3.5, 1.2]))).toBeNull();
    expect(difference(golden('{"p":[3,1]}', ',"rtol":0,"atol":0'), tensor("float32", [2], [3.0001, 1]))).not.toBeNull();
  });

  test("the worst miss is told: where, got, want, error, what is allowed and how far beyond", () => {
    expect(difference(golden('{"p":[[3,1],[2,2]]}'), tensor("float32", [2, 2], [3.01, 1, 2, 2.5]))).toBe(
      "p[1][1] is 2.5, and 2 is expected: 0.00201 is allowed, and it is off by 0.500, 249 times that (2 values are out)",
    );
  });

  test("integers, texts and truths are exact, whatever the tolerance", () => {
    const int = golden('{"p":[1,9007199254740993]}', ',"rtol":1');
    expect(difference(int, tensor("int64", [2], [1, 9007199254740993n]))).toBeNull();
    expect(difference(int, tensor("int64", [2], [1, 9007199254740992n]))).toBe(
      "p[1] is 9007199254740992, and 9007199254740993 is expected (1 value is out)",
    );
    expect(difference(golden('{"p":[["cat"]]}'), tensor("string", [1, 1], ["cat"]))).toBeNull();
    expect(difference(golden('{"p":["cat"]}'), tensor("string", [1], ["dog"]))).toMatch(/p\[0\] is "dog", and "cat"/);
    expect(difference(golden('{"p":true}'), tensor("bool", [], [true]))).toBeNull();
    expect(difference(golden('{"p":true}'), tensor("bool", [], [false]))).toMatch(/^p is false, and true/);
    expect(difference(golden('{"p":["1"]}'), tensor("int64", [1], [1]))).toMatch(/p\[0\] is 1, and "1"/);
    expect(difference(golden('{"p":["1"]}'), tensor("float32", [1], [1]))).toMatch(/something else is expected/);
  });

  test("shapes agree, also when the values do", () => {
    expect(difference(golden('{"p":[1,2]}'), tensor("float32", [1, 2], [1, 2]))).toBe(
      "p has the shape [1,2], and [2] is expected",
    );
    expect(difference(golden('{"q":[1]}'), tensor("float32", [1], [1]))).toBe("the answer has no output q; it has p");
  });

  test("NaN is equal to NaN only when asked", () => {
    expect(
      difference(golden('{"p":[NaN,2]}', ',"equal_nan":true'), tensor("float32", [2], [Number.NaN, 2])),
    ).toBeNull();
    expect(difference(golden('{"p":[NaN,2]}'), tensor("float32", [2], [Number.NaN, 2]))).toMatch(/p\[0\] is NaN/);
    expect(difference(golden('{"p":[1,2]}'), tensor("float32", [2], [Number.NaN, 2]))).toMatch(/p\[0\] is NaN/);
  });

  test("probabilities must also sum to 1 and have their largest at the same place", () => {
    const loose = golden('{"p":[[0.2,0.8],[0.51,0.49]]}', ',"atol":0.1');
    expect(difference(loose, tensor("float32", [2, 2], [0.25, 0.75, 0.55, 0.45]))).toBeNull();
    expect(difference(loose, tensor("float32", [2, 2], [0.25, 0.75, 0.49, 0.51]))).toBe(
      "the largest of p[1] is at 1, and at 0 it is expected",
    );
    expect(difference(loose, tensor("float32", [2, 2], [0.25, 0.85, 0.51, 0.49]))).toMatch(/p\[0\] sums to 1\.1/);
    const values = golden('{"p":[[2,8]]}', ',"atol":1');
    expect(difference(values, tensor("float32", [1, 2], [2.5, 8.5]))).toBeNull();
  });

  test("a label is what the answer means", () => {
    expect(difference(golden('{"label":"yes"}'), {})).toBeNull();
    expect(difference(golden('{"label":"no"}'), {})).toBe('the answer means "yes", and "no" is expected');
  });
});

describe("claims in words", () => {
  const text = (...texts: string[]): Tensors => tensor("string", [texts.length], texts);

  test("a text contains all that is asked", () => {
    const asked = golden('{"contains":["Paris","France"]}');
    expect(difference(asked, text("Paris is the capital of France."))).toBeNull();
    expect(difference(asked, text("Paris"))).toBe('p is "Paris", which does not contain "France"');
    expect(difference(golden('{"contains":"a"}'), text("a", "b"))).toBe('p is "b", which does not contain "a"');
  });

  test("a text matches an expression", () => {
    expect(difference(golden('{"regex":"^\\\\d+ km$"}'), text("12 km"))).toBeNull();
    expect(difference(golden('{"regex":"^\\\\d+ km$"}'), text("far"))).toMatch(/^p is "far", which does not match/);
  });

  test("a text holds JSON that satisfies a schema, or the outputs do", () => {
    const asked = golden('{"schema":{"type":"object","required":["city"]}}');
    expect(difference(asked, text('{"city":"Paris"}'))).toBeNull();
    expect(difference(asked, text("{}"))).toMatch(/^p does not satisfy the schema: .*'city'/);
    expect(difference(asked, text('{"city":1}', "Paris"))).toMatch(/^text 1 of p is not JSON/);
    const outputs = golden('{"schema":{"properties":{"p":{"type":"array","items":{"type":"integer","maximum":2}}}}}');
    expect(difference(outputs, tensor("int64", [2], [1, 2]))).toBeNull();
    expect(difference(outputs, tensor("int64", [2], [1, 3]))).toMatch(/the answer .*\/p\/1 must be <= 2/);
  });

  test("all of them must hold", () => {
    const both = golden('{"contains":"a","regex":"b"}');
    expect(difference(both, text("ab"))).toBeNull();
    expect(difference(both, text("a"))).toMatch(/does not match/);
    expect(difference(both, text("b"))).toMatch(/does not contain/);
  });

  test("there must be one output of text, or a path to say which", () => {
    expect(difference(golden('{"contains":"a"}'), tensor("float32", [1], [1]))).toBe(
      "the answer has no output of text",
    );
    const two = { ...text("a"), q: text("b")["p"]! };
    expect(difference(golden('{"contains":"b"}'), two)).toMatch(/2 outputs of text \(p, q\): say which with "path"/);
    expect(difference(golden('{"contains":"b"}', ',"path":"/q"'), two)).toBeNull();
  });
});

describe("a path leads", () => {
  const rows = tensor("float32", [2, 2], [0.2, 0.8, 0.6, 0.4]);
  const said = (value: string): Tensors => tensor("string", [1, 1], [value]);

  test("to a row or one value of an output, with the output's tolerance", () => {
    expect(difference(golden("[0.6,0.4]", ',"path":"/p/1"'), rows)).toBeNull();
    expect(difference(golden("0.8001", ',"path":"/p/0/1"'), rows)).toBeNull();
    expect(difference(golden("0.9", ',"path":"/p/0/1"'), rows)).toMatch(/^p\/0\/1 is 0.8, and 0.9 is expected/);
    expect(difference(golden('{"shape":[2],"data":[0.6,0.4]}', ',"path":"/p/1"'), rows)).toBeNull();
  });

  test("into the JSON that a text holds", () => {
    const asked = (expect: string, path: string) => golden(expect, `,"path":${JSON.stringify(path)}`);
    const answer = said('{"a/b":[{"score":3,"why":"because"}],"x":0.30000001}');
    expect(difference(asked("3", "/p/0/0/a~1b/0/score"), answer)).toBeNull();
    expect(difference(asked("4", "/p/0/0/a~1b/0/score"), answer)).toBe(
      "p/0/0/a/b/0/score is 3, and 4 is expected (1 value is out)",
    );
    expect(difference(asked("0.3", "/p/0/0/x"), answer)).toBeNull();
    expect(difference(asked('"because"', "/p/0/0/a~1b/0/why"), answer)).toBeNull();
    expect(difference(asked('{"contains":"cause"}', "/p/0/0/a~1b/0/why"), answer)).toBeNull();
    expect(difference(asked('{"schema":{"type":"integer"}}', "/p/0/0/a~1b/0/score"), answer)).toBeNull();
  });

  test.each([
    ["/q", /no output q; it has p/],
    ["/p/2", /p has no 2: it has 2 entries/],
    ["/p/01", /p has no 01/],
    ["/p/0/0/x", /p\/0\/0 is one value, and the path goes on/],
  ])("nowhere: %s is a difference, not an accident", (path, message) => {
    expect(difference(golden("1", `,"path":"${path}"`), rows)).toMatch(message);
  });

  test("nowhere in a text that is no JSON, or has no such key", () => {
    expect(difference(golden("1", ',"path":"/p/0/0/x"'), said("hi"))).toMatch(/^p\/0\/0 is not JSON/);
    expect(difference(golden("1", ',"path":"/p/0/0/toString"'), said("{}"))).toBe("p/0/0 has no toString");
  });
});

test("what is recorded is read back and met by the same answer", () => {
  const asked = { ...zeros(specs), n: { dtype: "int64" as const, shape: [1], data: [2n ** 60n] } };
  const answered = {
    ...tensor("int64", [1, 1], [2n ** 60n + 1n]),
    s: { dtype: "string" as const, shape: [1], data: ["ß\n"] },
  };
  const [back] = read(recordGolden("r", asked, answered, "r.example/m@sha256:0")) as Golden[];
  expect(back!.inputs).toEqual(asked);
  expect(difference(back!, answered)).toBeNull();
});
