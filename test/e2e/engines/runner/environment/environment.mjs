import { appendFileSync } from "node:fs";

const { env } = process;
const made = env.INPUT_MADE ?? "";
const run = `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`;
const [path, body] =
  made === ""
    ? [
        "start",
        {
          environment: env.INPUT_ENVIRONMENT,
          deployment: env.INPUT_DEPLOYMENT !== "false",
          ref: env.GITHUB_REF_NAME ?? "",
          sha: env.GITHUB_SHA,
          run,
        },
      ]
    : ["end", { deployment: Number(made), status: env.INPUT_STATUS, url: env.INPUT_URL ?? "" }];
const answer = await fetch(`${env.GITHUB_API_URL}/runner/environment/${path}`, {
  method: "POST",
  headers: { authorization: `Bearer ${env.INPUT_TOKEN}`, "user-agent": "rig-environment" },
  body: JSON.stringify(body),
});
if (!answer.ok) throw new Error(`${path} of the environment: ${answer.status} ${await answer.text()}`);
if (made === "") appendFileSync(env.GITHUB_OUTPUT, `deployment=${(await answer.json()).deployment}\n`);
