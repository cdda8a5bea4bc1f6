/* One table, long because every code has its entry. */
import type { ProblemCode } from "../domain/problem.ts";

/** What each problem code means and what to do, for docs/reference/errors.md. */
export const explanations: Readonly<Record<ProblemCode, { meaning: string; remedy: string }>> = {
  "config.syntax": {
    meaning: "The configuration is not sound YAML.",
    remedy: "Look at the named line and the one above it: indentation, quotes, colons, a key that stands twice.",
  },
  "config.unknown-key": {
    meaning: "A key that modelgate does not know. It is never ignored.",
    remedy: "Take the suggestion, or remove it; config.md lists all keys.",
  },
  "config.missing": { meaning: "Something the configuration needs is not there.", remedy: "Add the named key." },
  "config.type": { meaning: "A value is of another kind than the key takes.", remedy: "Write what the hint names." },
  "config.value": {
    meaning: "A value lies outside what the key allows; often a number without its unit.",
    remedy: "Write one of the allowed values, with its unit.",
  },
  "config.gate": {
    meaning: "A gate is not in the grammar, or can never be judged with what is measured.",
    remedy: "The column points into the gate; docs/gates.md has the grammar.",
  },
  "config.not-found": {
    meaning: "The configuration, or a folder it names, is not there.",
    remedy: "Run in its folder or name it with --config.",
  },
  "input.missing": {
    meaning: "A command lacks something only you can say, or nothing runs where something should.",
    remedy: "Follow the hint.",
  },
  "input.unknown-command": {
    meaning: "The command or option is not known, or not meant for this environment.",
    remedy: "modelgate --help lists all of them.",
  },
  "input.image": {
    meaning: "An image is not named by its digest.",
    remedy: "Give repository@sha256:… as package printed it. Tags are refused: they can be moved.",
  },
  "model.conversion": {
    meaning: "The model could not be made of the original (model.convert), or not by the tool that is pinned.",
    remedy: "Run the program by hand with MODELGATE_ORIGINAL and MODELGATE_CONVERTED, and look at the tool's version.",
  },
  "model.not-found": { meaning: "There is no model at the path.", remedy: "Check model.path." },
  "model.empty": {
    meaning: "The model file has no bytes.",
    remedy: "Export it again; look for a failed copy or a full disk.",
  },
  "model.unknown-format": {
    meaning: "The file is of no known format.",
    remedy: "Export the model to a format of docs/formats.md.",
  },
  "model.truncated": {
    meaning: "The file ends inside something it has begun.",
    remedy: "Copy or download it again and compare sizes.",
  },
  "model.corrupt": {
    meaning: "The file's structure contradicts itself at the named byte.",
    remedy: "Export the model again.",
  },
  "model.lfs-pointer": {
    meaning: "Git LFS left its pointer file instead of the model.",
    remedy: "git lfs pull, or lfs: true in actions/checkout.",
  },
  "model.html": {
    meaning: "A web page was saved under the model's name.",
    remedy: "Download it again with the right address or token.",
  },
  "model.external-data": {
    meaning: "The model refers to data outside its folder, through a link, or that are not there.",
    remedy: "Keep the data files beside the model. Do not trust a model that points elsewhere.",
  },
  "model.contract": {
    meaning: "Inputs or outputs are not as declared.",
    remedy: "Correct the contract, or the export.",
  },
  "model.too-large": {
    meaning: "The model is larger than model.policy.max-size.",
    remedy: "Make it smaller, or raise the limit on purpose.",
  },
  "model.changed": {
    meaning: "A file changed between being validated and being read again.",
    remedy: "Let nothing write to the model meanwhile.",
  },
  "data.not-found": { meaning: "There is no data file.", remedy: "Check evaluate.data." },
  "data.syntax": { meaning: "A line of a data or golden file cannot be parsed.", remedy: "Correct the named line." },
  "data.column": {
    meaning: "A column that the configuration names is not in the file.",
    remedy: "Take the suggestion, or correct the configuration.",
  },
  "data.value": {
    meaning: "A cell does not fit the input's type, a label is not a class, or an id stands twice.",
    remedy: "Correct the named row, or leave it out.",
  },
  "data.empty": {
    meaning: "There are no rows.",
    remedy: "Nothing can be measured without rows: check how the file was made.",
  },
  "smoke.no-golden": {
    meaning: "There are no golden requests, so no answer can be called right.",
    remedy: "modelgate smoke --record, then read what it wrote.",
  },
  "smoke.failed": {
    meaning: "A required step of the smoke test failed.",
    remedy: "The step's detail says what was seen.",
  },
  "evaluate.subject-changed": {
    meaning: "The endpoint ran another image, or other bytes, before, during or after the evaluation.",
    remedy: "Let nothing else deploy to staging meanwhile; run again.",
  },
  "input.shard": {
    meaning: "--shard names no part of the rows.",
    remedy: "3/7 asks the third of seven parts, all puts the parts together.",
  },
  "evaluate.shards": {
    meaning: "The parts of a shared evaluation do not fit together, or some left nothing.",
    remedy: "Run modelgate evaluate --shard for every part again, of the same image, data and configuration.",
  },
  "evaluate.no-champion": {
    meaning: "Production runs a release that could not be deployed beside the candidate.",
    remedy: "The message says why. Gates against the champion are errors until it can.",
  },
  "evaluate.command": {
    meaning: "A script of evaluate.commands failed, or what it printed is not what is declared.",
    remedy: "Gates on its metrics are errors until it prints them. docs/outside.md shows what it is told and prints.",
  },
  "evaluate.import": {
    meaning: "The results of another tool (evaluate.imports) are missing, cannot be read, or measured another image.",
    remedy: "Run the tool on this image and have it write down the image; docs/outside.md shows how for each tool.",
  },
  "gate.no-evaluation": { meaning: "The image has no evaluation to judge.", remedy: "modelgate evaluate, then gate." },
  "release.not-found": { meaning: "The registry has no such image.", remedy: "Check repository and digest." },
  "release.unreadable": {
    meaning: "An image or a statement is not one of modelgate's, or contradicts itself.",
    remedy: "Make it again with this version; find out who changed it.",
  },
  "evidence.unsigned": {
    meaning: "Evidence has no signature, and the configuration asks for one.",
    remedy: "Make it again in a job that signs: modelgate run. Nothing unsigned counts, whoever wrote it.",
  },
  "evidence.altered": {
    meaning: "A signature does not hold, or what is signed cannot be read: it was changed after it was signed.",
    remedy: "Do not use it. Find out who can write to the registry, and judge the release again.",
  },
  "evidence.subject": {
    meaning: "Evidence is attached to an image and states something about another one, or about another model.",
    remedy: "Somebody moved it there. Judge this release itself.",
  },
  "evidence.certificate": {
    meaning:
      "A signer's certificate is of no trusted authority, had expired when it signed, or no trusted clock says when it signed.",
    remedy:
      "Check trust.trusted-root: GitHub's own instance needs the file of gh attestation trusted-root. Else judge the release again.",
  },
  "evidence.signer-key": {
    meaning: "Evidence is signed with a key that trust.keys does not name.",
    remedy: "Add the public key only if you know whose it is; else judge the release again.",
  },
  "evidence.signer-issuer": {
    meaning: "The signer's identity is vouched for by another OpenID issuer.",
    remedy: "Name the issuer in trust.identities only if you trust it to say who runs a workflow.",
  },
  "evidence.signer-repository": {
    meaning: "Evidence was signed in a run of another repository, such as a fork.",
    remedy: "Judge the release in the repository that trust.identities names.",
  },
  "evidence.signer-workflow": {
    meaning: "Evidence was signed by another workflow of a trusted repository.",
    remedy: "Judge the release with the workflow that trust.identities names; of a reusable one the called file.",
  },
  "evidence.signer-ref": {
    meaning: "Evidence was signed in a run for another branch or tag.",
    remedy: "Judge the release on the ref that trust.identities names, after a merge for instance.",
  },
  "signing.no-oidc": {
    meaning: "The job may not ask GitHub for an identity token, so it cannot sign without a key.",
    remedy:
      "Add id-token: write to the permissions of the job, and of the job that calls its workflow. Pull requests from forks never get it.",
  },
  "signing.key": {
    meaning: "The signing key is missing, cannot be read, or is of a kind that is not supported.",
    remedy:
      "Hand in an ECDSA P-256 or ed25519 key as PEM (PKCS#8, SEC1 or cosign's) through the variable signing.key names.",
  },
  "signing.passphrase": {
    meaning: "The signing key is encrypted, and its passphrase is missing or wrong.",
    remedy: "Hand in the passphrase through the variable signing.passphrase names.",
  },
  "signing.sigstore": {
    meaning:
      "A service that signing rests on (Fulcio, Rekor, a timestamp authority, GitHub's tokens, the trust root) failed.",
    remedy: "Try again; status.sigstore.dev and githubstatus.com say whether they have trouble.",
  },
  "evidence.missing": {
    meaning: "Evidence that a verdict rests on is not attached to the image.",
    remedy: "Run modelgate run again for this release; a verdict without what it was reached on is none.",
  },
  "promote.no-verdict": { meaning: "The release has no verdict.", remedy: "modelgate run." },
  "promote.verdict-failed": {
    meaning: "The newest verdict is not a pass.",
    remedy: "Promote another release, or make this one better.",
  },
  "promote.verdict-stale": {
    meaning: "The verdict is too old, or dated in the future.",
    remedy: "modelgate run again.",
  },
  "promote.verdict-foreign": {
    meaning: "The verdict is about another image, model, policy or data set.",
    remedy: "modelgate run with the configuration and data you promote with.",
  },
  "promote.digest-mismatch": {
    meaning: "After the deployment the platform runs something else.",
    remedy: "Do not use what runs there; find out who deployed.",
  },
  "promote.locked": {
    meaning: "Somebody else is changing this environment.",
    remedy: "Wait until the lease named in the message has ended, then run again.",
  },
  "promote.policy-unknown": {
    meaning: "The policy in force cannot be compared with the protected branch's. In a workflow it counts as loosened.",
    remedy: "Check out with fetch-depth: 0, and name the branch in promotion.baseline.",
  },
  "promote.approval": {
    meaning:
      "The promotion takes an approval, and there is nobody or no place to ask, or the request is not as it was asked.",
    remedy: "Follow the hint; approval.md says who may agree, how, and what ends a request.",
  },
  "rollback.nothing": {
    meaning: "There is no earlier verified release.",
    remedy: "Promote a release with a passing verdict.",
  },
  "ledger.broken": {
    meaning: "An entry of the ledger that something else names is gone, or is not what its digest says.",
    remedy:
      "Somebody removed or changed it. modelgate explain <environment> --verify names each. Keep it as evidence, find out who can write to the registry, and put back what is gone.",
  },
  "bundle.path": {
    meaning: "A bundle cannot be written where something else is.",
    remedy: "Name a folder that is not there yet.",
  },
  "bundle.damaged": {
    meaning: "A bundle is not whole: a byte of it is not what its digest says, or something it names is not in it.",
    remedy: "Copy it again from where it was made. Nothing of it was loaded.",
  },
  "plan.no-repository": {
    meaning: "plan was not run in a checked out repository, or git does not trust or know it.",
    remedy: "Check out first (actions/checkout, into the workspace itself). The message has git's own words.",
  },
  "plan.same-name": {
    meaning: "Two configurations name their models alike. Legs of a workflow could not be told apart.",
    remedy: "Give each model a name of its own.",
  },
  "plan.too-many": {
    meaning: "More models are to be released than a workflow's matrix has legs for. Nothing is left out in silence.",
    remedy: "Call release.yml once for each part of the repository; docs/plan.md shows how.",
  },
  "plan.history": {
    meaning: "The clone does not have the commits that say what changed, so every model counts as changed.",
    remedy: "fetch-depth: 0 in actions/checkout.",
  },
  "hand-over.damaged": {
    meaning: "What an earlier job of this run left in the registry is unreadable, or is about another model or image.",
    remedy: "Run the jobs again from package on, and find out who else writes to this repository.",
  },
  "registry.unreachable": {
    meaning: "The registry did not answer.",
    remedy: "Check the host, the network, and TLS; try again.",
  },
  "registry.denied": { meaning: "The registry refuses access.", remedy: "docker login; on GitHub packages: write." },
  "registry.refused": { meaning: "The registry answered with an error.", remedy: "Its own words are in the message." },
  "registry.digest": {
    meaning: "Bytes from the registry are not those of their digest.",
    remedy: "Do not use them. Find out who can write there.",
  },
  "platform.unavailable": {
    meaning: "The platform could not be talked to.",
    remedy: "Check that its command works here.",
  },
  "platform.not-ready": {
    meaning: "The release started and did not get ready in time. What ran before still runs.",
    remedy: "Its last log lines are in the message.",
  },
  "platform.exited": {
    meaning: "The release's process ended while it started. What ran before still runs.",
    remedy: "Its last log lines are in the message.",
  },
  "endpoint.unreachable": {
    meaning: "The deployed model gave no answer.",
    remedy: "modelgate status; look at its log.",
  },
  "endpoint.answer": {
    meaning: "The deployed model answered with an error or with something that is not the protocol's.",
    remedy: "Look at the server's log.",
  },
  "runtime.pack": {
    meaning: "The onnx runtime could not be fetched, or is not the one whose hash is committed.",
    remedy: "Check npm's registry settings, or set MODELGATE_RUNTIME_PACK (docs/reference/runtime-pack.md).",
  },
  "github.permission": {
    meaning: "GitHub does not let the token do something.",
    remedy: "Add the permission of the hint to the job, and to the job that calls it.",
  },
  "github.unavailable": {
    meaning: "GitHub gave no answer, failed, or its limit of calls is reached.",
    remedy: "Run again in a while; nothing is done twice.",
  },
  "github.refused": {
    meaning: "GitHub answered with an error.",
    remedy: "Its own words are in the message.",
  },
  cancelled: {
    meaning: "You or the runner stopped the command.",
    remedy: "Run it again: it goes on, or says what stands where.",
  },
};
