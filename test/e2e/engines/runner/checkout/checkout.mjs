import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const {
  GITHUB_API_URL,
  GITHUB_REF = "",
  GITHUB_REPOSITORY,
  GITHUB_SHA,
  GITHUB_WORKSPACE,
  INPUT_SOURCE,
  INPUT_TOKEN,
} = process.env;
const depth = process.env["INPUT_FETCH-DEPTH"] ?? "1";

const headers = { authorization: `Bearer ${INPUT_TOKEN}` };
const answer = await fetch(`${GITHUB_API_URL}/runner/checkout`, { headers });
if (!answer.ok) {
  process.stdout.write(`::error::fatal: repository 'https://github.com/${GITHUB_REPOSITORY}/' not found\n`);
  process.exit(128);
}

mkdirSync(GITHUB_WORKSPACE, { recursive: true });
for (const name of readdirSync(GITHUB_WORKSPACE))
  rmSync(join(GITHUB_WORKSPACE, name), { recursive: true, force: true });
const git = (...words) => execFileSync("git", ["-C", GITHUB_WORKSPACE, ...words], { stdio: "pipe", encoding: "utf8" });
git("init", "--quiet", "--initial-branch", "checkout");
git("remote", "add", "origin", `https://github.com/${GITHUB_REPOSITORY}`);
const from = `file://${INPUT_SOURCE}`;
const fetchOf = (...words) => git("fetch", "--quiet", "--no-tags", ...words);
if (depth === "0") fetchOf(from, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
const branch = /^refs\/heads\/(.+)$/.exec(GITHUB_REF)?.[1];
const local = branch ? `refs/remotes/origin/${branch}` : GITHUB_REF.replace(/^refs\//, "refs/remotes/");
const depths = depth === "0" ? [] : ["--depth", depth];
fetchOf(...depths, from, `+${GITHUB_SHA}:${local || "refs/remotes/origin/checkout"}`);
if (branch) git("checkout", "--quiet", "--force", "-B", branch, GITHUB_SHA);
else git("checkout", "--quiet", "--force", "--detach", GITHUB_SHA);
