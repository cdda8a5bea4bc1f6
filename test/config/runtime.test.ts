import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { UserError } from "../../src/domain/problem.ts";

const config = (image: string, platform = "docker"): string => `model: { name: m, path: m.bin }
image: { repository: r.example/m, ${image} }
signing: { method: key, key: KEY }
trust: { keys: [key.pub] }
environments: { staging: { platform: ${platform} } }
`;
const load = (text: string) => loadConfig(text, "modelgate.yml");
const messages = (text: string): string[] => {
  try {
    load(text);
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ message }) => message);
    throw error;
  }
};

const custom = 'custom: { command: [serve, "{model}"], port: 9000, protocol: v2 }';

test("a server of one's own is read with what it leaves out", () => {
  const { image } = load(config(`base: r.example/server, runtime: custom, ${custom}`));
  expect(image.custom).toEqual({ command: ["serve", "{model}"], port: 9000, protocol: "v2", ready: null, env: {} });
});

test("a server told by a template is ready where the template says", () => {
  const http = "http: { ready: /up, path: /ask, body: { rows: [\"{x}\", 1, null] }, read: { p: /out/0, all: '' } }";
  const text = `${config(`base: b, runtime: custom, ${custom.replace("v2", "http")}`)}protocol: { ${http} }\n`;
  const { image, protocol } = load(text);
  expect(image.custom!.ready).toBe("/up");
  expect(protocol).toEqual({
    http: {
      ...{ ready: "/up", method: "POST", path: "/ask" },
      ...{ body: { rows: ["{x}", 1, null] }, read: { p: "/out/0", all: "" } },
    },
  });
  const vertex = text
    .replace("protocol: http", "protocol: vertex")
    .replace(http, "vertex: { health: /h, predict: /p }");
  expect(load(vertex).image.custom!.ready).toBe("/h");
});

test("a preset with a base image of its own needs nothing else", () => {
  expect(messages(config("runtime: triton"))).toEqual([]);
  expect(load(config("runtime: triton")).image).toMatchObject({ runtime: "triton", base: null, custom: null });
});

test.each([
  ["a preset without a base image of its own", config("runtime: mlflow"), /image.base is missing: the runtime mlflow/],
  ["custom without how", config("base: b, runtime: custom"), /image.custom is missing/],
  ["how without custom", config(`runtime: vllm, ${custom}`), /image.custom is set, and the runtime is vllm/],
  ["preprocessing of ours", config("runtime: triton, server: server"), /image.server is set, and the runtime triton/],
  ["the local platform", config("runtime: vllm", "local"), /staging is local, and the runtime vllm runs from its base/],
  [
    "a readiness path that is none",
    config(`base: b, runtime: custom, ${custom.replace("}, port", "}, port").replace(" }", ", ready: ready }")}`),
    /image.custom.ready cannot be "ready"/,
  ],
  [
    "a template that is not there",
    config(`base: b, runtime: custom, ${custom.replace("v2", "http")}`),
    /protocol.http is missing: it says where/,
  ],
  [
    "a pointer that is none",
    `${config("runtime: triton")}protocol: { http: { ready: /up, path: /ask, read: { p: out } } }`,
    /protocol.http.read.p cannot be "out"/,
  ],
  [
    "a template that reads nothing",
    `${config("runtime: triton")}protocol: { http: { ready: /up, path: /ask, read: {} } }`,
    /protocol.http.read .*names no output/,
  ],
  ["an unknown protocol", config(`base: b, runtime: custom, ${custom.replace("v2", "v9")}`), /v9/],
])("%s is told", (_title, text, message) => {
  expect(messages(text).join("\n")).toMatch(message);
});

test("a smoke test is strict only when it says so", () => {
  const text = `${config("runtime: triton")}smoke: { examples: golden.jsonl`;
  expect([load(`${text} }`).smoke?.strict, load(`${text}, strict: true }`).smoke?.strict]).toEqual([false, true]);
});
