import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scriptRunner } from "../../src/adapters/system/scripts.ts";
import { readScriptOutput } from "../../src/domain/outside/script-output.ts";

const { signal } = new AbortController();
const folder = join(import.meta.dirname, "../../examples/judge");

/** A service that answers each chat, and what it was asked. */
async function chats(answer: (messages: { role: string; content: string }[], count: number) => string) {
  const seen: { authorization: string | undefined; messages: { role: string; content: string }[] }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const { messages } = JSON.parse(body) as (typeof seen)[number];
      seen.push({ authorization: request.headers.authorization, messages });
      response.end(
        JSON.stringify({ model: "judge-2026-05", choices: [{ message: { content: answer(messages, seen.length) } }] }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function run(verdict: (messages: { content: string }[], count: number) => string) {
  const [model, judge] = [await chats(([asked]) => `an answer to ${asked!.content}`), await chats(verdict)];
  const own = await mkdtemp(join(tmpdir(), "modelgate-judge-"));
  onTestFinished(() => rm(own, { recursive: true, force: true }));
  const data = join(own, "data.jsonl");
  await writeFile(data, '{"prompt": "one", "label": "a"}\n{"prompt": "two", "label": "b"}\n');
  const env = { PATH: process.env["PATH"]!, JUDGE_KEY: "very-secret" };
  const told = { MODELGATE_DATA: data, MODELGATE_ENDPOINT_URL: model.url, MODELGATE_MODEL: "m" };
  const passed = ["JUDGE_KEY"];
  const words = [process.execPath, "judge.mjs", judge.url, "grader"];
  const ended = await scriptRunner({ env, folder, temporaryFolder: own }).run(
    { words, told, passed, milliseconds: 20_000 },
    signal,
  );
  return { ended, model, judge };
}

test("the judge of the examples grades each answer three times and says who it is", async () => {
  const { ended, judge } = await run((_, count) => ` ${(count % 3) + 3} `);
  const grade = { unit: "score", direction: "higher", range: [1, 5] } as const;
  const { metrics } = readScriptOutput(ended.output ?? "", { grade }, { rows: 2, mostUnscored: 0 });
  const [system, user] = judge.seen[3]!.messages;
  expect(user!.content).toBe("Question: two\n\nAnswer: an answer to two");
  const promptSha256 = createHash("sha256").update(system!.content).digest("hex");
  expect(metrics).toEqual({
    grade: { value: 4, scores: [4, 4], judge: { id: "grader", version: "judge-2026-05", promptSha256 } },
  });
  expect(new Set(judge.seen.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer very-secret"]));
});

test("a judge that says something else is no judge", async () => {
  const { ended } = await run(() => "I would say 4");
  expect(ended).toMatchObject({ output: null, failure: expect.stringContaining("exit code 1") });
  expect(ended.log).toContain("the judge said");
});
