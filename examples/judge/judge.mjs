// A judge for evaluate.commands: asks the model each question of the data, and a second model, behind any service of the OpenAI
// kind, to grade the answer from 1 to 5, three times.
//
//   evaluate:
//     commands:
//       judge:
//         run: [node, judge.mjs, "https://judge.example", gpt-x]
//         metrics: { grade: { better: higher, range: [1, 5] } }
//         env: [JUDGE_KEY] # hidden in all that is said
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [judgeUrl, judgeModel] = process.argv.slice(2);
const { MODELGATE_DATA, MODELGATE_ENDPOINT_URL, MODELGATE_MODEL, JUDGE_KEY } = process.env;
const samples = 3;
const prompt =
  "Grade the answer to the question from 1 (wrong or useless) to 5 (right and complete). Say the number and nothing else.";

/** One chat with a service of the OpenAI kind. */
async function chat(url, model, messages, key) {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ model, messages }),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}

const textOf = ({ choices }) => choices[0].message.content;
let version = "";

/** The grade of one answer. @throws Error for anything but a whole number from 1 to 5: nothing is guessed. */
async function grade(question, text) {
  const told = `Question: ${question}\n\nAnswer: ${text}`;
  const messages = [
    { role: "system", content: prompt },
    { role: "user", content: told },
  ];
  const said = await chat(judgeUrl, judgeModel, messages, JUDGE_KEY);
  version = said.model;
  const found = /^\s*([1-5])\s*$/.exec(textOf(said));
  if (!found) throw new Error(`the judge said ${JSON.stringify(textOf(said))}`);
  return Number(found[1]);
}

const rows = [];
for (const line of readFileSync(MODELGATE_DATA, "utf8").split("\n").filter(Boolean)) {
  const { prompt: question } = JSON.parse(line);
  const text = textOf(await chat(MODELGATE_ENDPOINT_URL, MODELGATE_MODEL, [{ role: "user", content: question }]));
  const grades = [];
  for (let sample = 0; sample < samples; sample++) grades.push(await grade(question, text));
  rows.push(grades);
}
const promptSha256 = createHash("sha256").update(prompt).digest("hex");
console.log(JSON.stringify({ rows: { grade: rows }, judge: { id: judgeModel, version, prompt_sha256: promptSha256 } }));
