import { commands } from "../domain/request.ts";

/** The Action's inputs: action.yml is made from them. All but the command may be left out. */
export const actionInputs: Readonly<Record<string, { description: string; required?: boolean; default?: string }>> = {
  command: { description: `What to do: ${Object.keys(commands).join(", ")}`, required: true },
  config: {
    description:
      "The configuration, a path in the workspace: modelgate.yml by default; of plan patterns, all modelgate.yml of the repository by default",
  },
  image: { description: "An image by digest, repository@sha256:…; by default what staging runs" },
  environment: {
    description: "An environment of the configuration; staging or production by default, as the command has it",
  },
  reason: { description: "Why, kept in the ledger by promote and rollback" },
  bundle: { description: "For bundle: the folder to write; for verify and deploy: the folder to read" },
  shard: {
    description: "For evaluate: the part of the rows to ask, such as 3/7; all puts the parts together",
  },
  models: {
    description:
      "For collect: the models output of plan; for gate too, where collect will show the verdicts of all of them together",
  },
  jobs: { description: "For collect: toJSON(needs), so that a job that failed without a word counts" },
  token: {
    description: "Token for what GitHub shows, and for ghcr.io where no docker login was done",
    default: "${{ github.token }}",
  },
};

/** The Action's outputs, set on failure too. */
export const actionOutputs: Readonly<Record<string, string>> = {
  image: "The image, repository@sha256:…",
  "model-digest": "sha256 over all files of the model",
  verdict: "pass, fail, inconclusive, error, or none for commands that judge nothing",
  url: "Where the deployed model answers",
  "previous-image": "What the environment ran before; for run and evaluate the champion",
  evidence: "JSON list of the statements attached to the image: kind and digest",
  report: "Path of the HTML report",
  models: "JSON list: of plan the models to release, name and configuration; else the name of the model",
  images: "JSON object of collect: model name to image by digest",
};
