/** A good configuration: every bad one is this one with a part replaced. */
export const good = `model:
  name: digits
  path: models/digits.onnx
  contract:
    inputs: { image: "float32[-1,64]" }
evaluate:
  data: data/holdout.csv
  task: multiclass
  inputs: { image: "pixel_*" }
  label: digit
  classes: ["0", "1", "2"]
  slices: [stroke]
load: { rate: 50/s, duration: 20 s }
gates:
  - accuracy >= 0.95
environments:
  staging: { platform: local }
`;

const between = (from: string, to: string): string => good.slice(good.indexOf(from), good.indexOf(to));
const load = "{ rate: 50/s, duration: 20 s }";
const gate = "accuracy >= 0.95";

/** What is replaced, by what, then `code line:column key` of the problem, and what its hint says. */
export type Bad = readonly [title: string, what: string, by: string, problem: string, hint: RegExp];

const unknown: Bad[] = [
  [
    "a key misspelt at the top",
    "model:\n",
    "modle: 1\nmodel:\n",
    "config.unknown-key 1:1 modle",
    /Did you mean "model"\? Allowed: model, image, access, protocol, smoke/,
  ],
  [
    "a key misspelt in model",
    "  name:",
    "  nme: x\n  name:",
    "config.unknown-key 2:3 model.nme",
    /Did you mean "name"\? Allowed: name, path, contract, policy, convert\./,
  ],
  [
    "a key misspelt in the contract",
    "    inputs:",
    "    input: {}\n    inputs:",
    "config.unknown-key 5:5 model.contract.input",
    /Did you mean "inputs"/,
  ],
  [
    "a key misspelt in evaluate",
    "  label:",
    "  labels: x\n  label:",
    "config.unknown-key 10:3 evaluate.labels",
    /Did you mean "label"/,
  ],
  [
    "a key misspelt of a platform",
    "platform: local",
    "platform: local, prot: 80",
    "config.unknown-key 17:31 environments.staging.prot",
    /Did you mean "port"/,
  ],
  [
    "a key of another platform",
    "platform: local",
    "platform: local, memory: 1 GB",
    "config.unknown-key 17:31 environments.staging.memory",
    /^Allowed: port, platform\.$/,
  ],
  [
    "a key of a later version",
    "environments:",
    "monitor: {}\nenvironments:",
    "config.unknown-key 16:1 monitor",
    /Allowed: model, image/,
  ],
  [
    "a key load does not have",
    "rate: 50/s",
    "rate: 50/s, users: 3",
    "config.unknown-key 13:21 load.users",
    /Allowed: profile, rate/,
  ],
  [
    "a gate's option that is none",
    `- ${gate}`,
    `- { check: ${gate}, blocking: no }`,
    "config.unknown-key 15:32 gates[0].blocking",
    /Allowed: check, severity, on_inconclusive/,
  ],
  [
    "a key with underscores for dashes",
    "  label:",
    "  failed_rows: wrong\n  label:",
    "config.unknown-key 10:3 evaluate.failed_rows",
    /Did you mean "failed-rows"/,
  ],
  [
    "a hostile key",
    "  name:",
    "  constructor: x\n  name:",
    "config.unknown-key 2:3 model.constructor",
    /Allowed: name/,
  ],
  [
    "the prototype as a key",
    "  name:",
    "  __proto__: x\n  name:",
    "config.unknown-key 2:3 model.__proto__",
    /another name/,
  ],
  [
    "the prototype as an environment",
    "  staging:",
    "  __proto__:",
    "config.unknown-key 17:3 environments.__proto__",
    /another name/,
  ],
  [
    "the prototype as an input",
    "{ image:",
    "{ __proto__:",
    "config.unknown-key 5:15 model.contract.inputs.__proto__",
    /another name/,
  ],
  ["a key that is a number", "gates:", "5: 1\ngates:", "config.unknown-key 14:1 5", /Allowed: model/],
  ["a YAML merge", "gates:", "<<: {}\ngates:", "config.unknown-key 14:1 <<", /Allowed: model/],
];

const missing: Bad[] = [
  ["nothing", good, "", "config.missing 1:1", /^Write keys and values \(model, image/],
  ["a comment only", good, "# later\n", "config.missing 1:1", /^Write keys and values \(model, image/],
  [
    "no model",
    between("model:", "evaluate:"),
    "",
    "config.missing 1:1 model",
    /^Add model: keys and values \(name, path, contract, policy, convert\)\.$/,
  ],
  [
    "no path of the model",
    "  path: models/digits.onnx\n",
    "",
    "config.missing 1:1 model.path",
    /^Add model.path: a path, relative to/,
  ],
  [
    "no environments",
    good.slice(good.indexOf("environments:")),
    "",
    "config.missing 1:1 environments",
    /^Add environments: names such as staging/,
  ],
  [
    "no label",
    "  label: digit\n",
    "",
    "config.missing 6:1 evaluate.label",
    /^Add evaluate.label: the name of a column/,
  ],
  [
    "no task",
    "  task: multiclass\n",
    "",
    "config.missing 6:1 evaluate.task",
    /one of binary, multiclass, multilabel, regression, ranking/,
  ],
  [
    "no classes",
    '  classes: ["0", "1", "2"]\n',
    "",
    "config.missing 6:1 evaluate.classes",
    /order of the model's probabilities/,
  ],
  ["no platform", "{ platform: local }", "{}", "config.missing 17:3 environments.staging.platform", /local or docker/],
  ["no rate", "rate: 50/s, ", "", "config.missing 13:1 load.rate", /^Add load.rate: a rate such as 50\/s/],
  [
    "a gate without its check",
    `- ${gate}`,
    "- { severity: advisory }",
    "config.missing 15:5 gates[0].check",
    /a check such as/,
  ],
  [
    "gates and nothing measured",
    between("evaluate:", "load:"),
    "",
    "config.missing 1:1 evaluate",
    /Add evaluate with the labelled data/,
  ],
];

const type: Bad[] = [
  ["a list for a text", "name: digits", "name: [digits]", "config.type 2:9 model.name", /^Write lower-case letters/],
  [
    "a number for a text",
    "path: models/digits.onnx",
    "path: 3",
    "config.type 3:9 model.path",
    /in quotes when it is meant as a text: "3"/,
  ],
  [
    "a truth for a class",
    '["0", "1", "2"]',
    "[a, true]",
    "config.type 11:16 evaluate.classes[1]",
    /in quotes when it is meant as a text: "true"/,
  ],
  [
    "a text for a list",
    "[stroke]",
    "stroke",
    "config.type 12:11 evaluate.slices",
    /^Write a list, each the name of a column\.$/,
  ],
  [
    "a list of columns for a text",
    '"pixel_*"',
    "[a, b]",
    "config.type 9:20 evaluate.inputs.image",
    /commas between them/,
  ],
  ["a text for keys", load, "fast", "config.type 13:7 load", /^Write keys and values \(profile, rate/],
  ["nothing for keys", load, "", "config.type 13:7 load", /^Write keys and values \(profile, rate/],
  [
    "a platform for an environment",
    "{ platform: local }",
    "local",
    "config.type 17:12 environments.staging",
    /platform/,
  ],
  ["a number for a gate", gate, "5", "config.type 15:5 gates[0]", /a check such as accuracy >= 0.95/],
  [
    "half a row at a time",
    "  label:",
    "  concurrency: 1.5\n  label:",
    "config.type 10:16 evaluate.concurrency",
    /a whole number from 1 to 256/,
  ],
  [
    "a threshold that is no number",
    "  label:",
    "  threshold: .nan\n  label:",
    "config.type 10:14 evaluate.threshold",
    /a number from 0 to 1/,
  ],
  ["a list for the whole", good, "- a\n", "config.type 1:1", /^Write keys and values/],
  ["a text for the whole", good, "accuracy\n", "config.type 1:1", /^Write keys and values/],
];

const units: Bad[] = [
  [
    "a rate without a unit",
    "50/s",
    "50",
    "config.value 13:15 load.rate",
    /^Did you mean "50\/s"\? Write a rate such as 50\/s \(units: \/s, rps, \/min\)\.$/,
  ],
  [
    "a duration without a unit",
    "20 s",
    "20",
    "config.value 13:31 load.duration",
    /Did you mean "20 s"\?.*units: ms, s, min, h, day, days/,
  ],
  ["a duration with a longer unit", "20 s", "20 seconds", "config.value 13:31 load.duration", /Did you mean "20 s"/],
  ["a quoted number for a duration", "20 s", '"20"', "config.value 13:31 load.duration", /Did you mean "20 s"/],
  [
    "a size without a unit",
    "  path:",
    "  policy: { max-size: 200 }\n  path:",
    "config.value 3:23 model.policy.max-size",
    /Did you mean "200 MB"/,
  ],
  [
    "a size in small letters",
    "  path:",
    "  policy: { max-size: 200 mb }\n  path:",
    "config.value 3:23 model.policy.max-size",
    /Did you mean "200 MB"/,
  ],
  [
    "a share without a unit",
    "  label:",
    "  max-failed: 0.5\n  label:",
    "config.value 10:15 evaluate.max-failed",
    /Did you mean "0.5%"/,
  ],
  [
    "a share beyond all",
    "  label:",
    "  failed-rows: wrong\n  max-failed: 200%\n  label:",
    "config.value 11:15 evaluate.max-failed",
    /Write a share such as 0.5%/,
  ],
  [
    "an age without a unit",
    "gates:",
    "promotion: { max-age: 7 }\ngates:",
    "config.value 14:23 promotion.max-age",
    /Did you mean "7 days"/,
  ],
  ["no requests at all", "50/s", "0/s", "config.value 13:15 load.rate", /Write a rate such as/],
  ["no time at all", "20 s", "0 s", "config.value 13:31 load.duration", /Write a duration such as/],
  ["a negative time", "20 s", "-20 s", "config.value 13:31 load.duration", /Write a duration such as/],
  [
    "a rate for users who wait",
    load,
    "{ profile: stream, concurrency: 4, duration: 5 s, rate: 50/s }",
    "config.value 13:63 load.rate",
    /stream takes concurrency, duration, allow-closed/,
  ],
  [
    "users for a schedule",
    load,
    "{ rate: 50/s, duration: 5 s, concurrency: 4 }",
    "config.value 13:49 load.concurrency",
    /server takes rate, duration/,
  ],
  [
    "goodput without a bound",
    load,
    "{ rate: 50/s, duration: 20 s, goodput: {} }",
    "config.value 13:46 load.goodput",
    /Write goodput: \{ latency/,
  ],
  [
    "a search for what is no objective",
    load,
    "{ rate: 50/s, duration: 20 s, find-max: { slo: [throughput >= 5/s], from: 10/s, to: 20/s } }",
    "config.gate 13:55 load.find-max.slo[0]",
    /latency.p99\), or error_rate/,
  ],
  [
    "a search that goes down",
    load,
    "{ rate: 50/s, duration: 20 s, find-max: { slo: [latency.p99 <= 250ms], from: 10/s, to: 5/s } }",
    "config.value 13:94 load.find-max.to",
    /greater rate/,
  ],
  [
    "a search too short to confirm anything",
    load,
    "{ rate: 50/s, duration: 20 s, find-max: { slo: [latency.p99 <= 250ms], from: 1/s, to: 5/s } }",
    "config.value 13:54 load.find-max.slo",
    /Raise confirm or from/,
  ],
  ["a rate nobody looks for", gate, "max_rate >= 40/s", "config.gate 15:5 gates[0]", /Write load.find-max/],
  ["goodput of nothing", gate, "goodput >= 40/s", "config.gate 15:5 gates[0]", /Write load.goodput/],
  ["a recording that is not named", load, "{ profile: replay }", "config.missing 13:1 load.arrivals", /the file with/],
  [
    "latency of users who wait",
    `load: ${load}\ngates:\n  - ${gate}`,
    "load: { profile: stream, concurrency: 4, duration: 5 s }\ngates:\n  - latency.p99 <= 50ms",
    "config.gate 15:5 gates[0]",
    /load.allow-closed: true/,
  ],
  ["more requests than can be kept", "20 s", "7 days", "config.value 13:31 load.duration", /at most 20000 s/],
];

const value: Bad[] = [
  [
    "a name with capitals",
    "name: digits",
    "name: Digits",
    "config.value 2:9 model.name",
    /^Write lower-case letters and digits/,
  ],
  ["an empty path", "models/digits.onnx", '""', "config.value 3:9 model.path", /^Write a path/],
  [
    "an unknown task",
    "multiclass",
    "multclass",
    "config.value 8:9 evaluate.task",
    /Did you mean "multiclass"\? Allowed: binary, multiclass, multilabel, regression, ranking, generation, embedding, classification/,
  ],
  [
    "an unknown platform",
    "platform: local",
    "platform: dokcer",
    "config.value 17:24 environments.staging.platform",
    /Did you mean "docker"\? Allowed: local, docker/,
  ],
  [
    "an unknown runtime",
    "model:\n",
    "image: { runtime: onx }\nmodel:\n",
    "config.value 1:19 image.runtime",
    /Did you mean "onnx"/,
  ],
  [
    "an unknown profile",
    "{ rate",
    "{ profile: servr, rate",
    "config.value 13:18 load.profile",
    /Did you mean "server"\? Allowed: server, constant/,
  ],
  [
    "an unknown severity",
    `- ${gate}`,
    `- { check: ${gate}, severity: advisry }`,
    "config.value 15:42 gates[0].severity",
    /Did you mean "advisory"\? Allowed: required, advisory/,
  ],
  [
    "an unknown way with failed rows",
    "  label:",
    "  failed-rows: ignore\n  label:",
    "config.value 10:16 evaluate.failed-rows",
    /Allowed: error, wrong, exclude/,
  ],
  [
    "data of no known kind",
    "holdout.csv",
    "holdout.xlsx",
    "config.value 7:9 evaluate.data",
    /ends in .csv or .jsonl or .parquet, or a folder/,
  ],
  [
    "a split of a file",
    "  label:",
    "  split: test\n  label:",
    "config.value 10:10 evaluate.split",
    /name the folder of the files/,
  ],
  [
    "a repository with a tag",
    "model:\n",
    "image: { repository: ghcr.io/acme/digits:latest }\nmodel:\n",
    "config.value 1:22 image.repository",
    /without a tag/,
  ],
  [
    "a tensor of an unknown type",
    "float32[",
    "float[",
    "config.value 5:22 model.contract.inputs.image",
    /dtype\[shape\] such as float32\[-1,64\], with dtype one of bool/,
  ],
  [
    "a tensor with an odd side",
    "[-1,64]",
    "[-2,64]",
    "config.value 5:22 model.contract.inputs.image",
    /an integer, -1 for any, or a name/,
  ],
  [
    "a port out of range",
    "platform: local",
    "platform: local, port: 70000",
    "config.value 17:37 environments.staging.port",
    /^Write a whole number from 1 to 65535\.$/,
  ],
  [
    "a platform's option in another form",
    "{ platform: local }",
    "{ platform: docker, memory: 512m }",
    "config.value 17:40 environments.staging.memory",
    /such as 512 MB/,
  ],
  [
    "rules where there are no texts",
    "  slices: [stroke]\n",
    "  slices: [stroke]\n  rules: { date: { regex: a } }\n",
    "config.value 13:18 evaluate.rules.date",
    /needs task: generation/,
  ],
  [
    "a rule that is no regular expression",
    "  slices: [stroke]\n",
    "  slices: [stroke]\n  rules: { date: { regex: '(a' } }\n",
    "config.value 13:27 evaluate.rules.date.regex",
    /without slashes/,
  ],
  [
    "a script with the name of rules",
    "  slices: [stroke]\n",
    "  slices: [stroke]\n  commands: { rules: { run: [a], metrics: { b: { better: higher } } } }\n",
    "config.value 13:22 evaluate.commands.rules",
    /another name/,
  ],
  [
    "a threshold out of range",
    "  label:",
    "  threshold: 2\n  label:",
    "config.value 10:14 evaluate.threshold",
    /a number from 0 to 1/,
  ],
  [
    "an environment's odd name",
    "  staging:",
    "  Staging:",
    "config.value 17:3 environments.Staging",
    /lower-case letters, digits and dashes.*such as staging/,
  ],
  ["one class", '["0", "1", "2"]', '["0"]', "config.value 11:12 evaluate.classes", /at least 2/],
];

const crossed: Bad[] = [
  ["a class twice", '"1", "2"', '"1", "1"', "config.value 11:23 evaluate.classes[2]", /each class once/],
  [
    "three classes for two",
    "multiclass",
    "binary",
    "config.value 11:12 evaluate.classes",
    /task: multiclass, or list two/,
  ],
  [
    "a ranking without queries",
    "multiclass",
    "ranking",
    "config.missing 6:1 evaluate.group",
    /names the query of each row/,
  ],
  ["classes of a regression", "multiclass", "regression", "config.value 11:12 evaluate.classes", /Remove it/],
  [
    "a positive class of three",
    "  label:",
    '  positive: "1"\n  label:',
    "config.value 10:13 evaluate.positive",
    /task: binary/,
  ],
  [
    "a positive class that is none",
    'multiclass\n  inputs: { image: "pixel_*" }\n  label: digit\n  classes: ["0", "1", "2"]',
    "binary\n  label: digit\n  positive: yes\n  classes: [bad, good]",
    "config.value 10:13 evaluate.positive",
    /Allowed: bad, good/,
  ],
  [
    "a positive class that is the first",
    'multiclass\n  inputs: { image: "pixel_*" }\n  label: digit\n  classes: ["0", "1", "2"]',
    "binary\n  label: digit\n  positive: bad\n  classes: [bad, good]",
    "config.value 10:13 evaluate.positive",
    /classes: \[good, bad\]/,
  ],
  [
    "the label in a range of the inputs",
    '"pixel_*" }\n  label: digit',
    '"pixel_0..pixel_64" }\n  label: pixel_64',
    "config.value 9:20 evaluate.inputs.image",
    /Name columns without the right answer/,
  ],
  [
    "the label as the name of a file",
    '"pixel_*"',
    '"base64: digit"',
    "config.value 9:20 evaluate.inputs.image",
    /Name columns without the right answer/,
  ],
  [
    "the label among the inputs",
    '"pixel_*"',
    '"pixel_*, dig*"',
    "config.value 9:20 evaluate.inputs.image",
    /told the answer/,
  ],
  [
    "a limit on failed rows that counts for nothing",
    "  label:",
    "  max-failed: 1%\n  label:",
    "config.value 10:15 evaluate.max-failed",
    /failed-rows: wrong or exclude/,
  ],
  [
    "docker without a registry",
    "platform: local",
    "platform: docker",
    "config.value 17:24 environments.staging.platform",
    /image.repository/,
  ],
];

const gates: Bad[] = [
  [
    "a metric misspelt",
    gate,
    "acuracy >= 0.95",
    "config.gate 15:5 gates[0]",
    /^Did you mean "accuracy"\? Allowed: accuracy/,
  ],
  ["a reference misspelt", gate, "accuracy > chmpion", "config.gate 15:16 gates[0]", /Did you mean "champion"/],
  ["no number", gate, "accuracy >=", "config.gate 15:16 gates[0]", /number/],
  ["an unknown operator, in quotes", gate, '"accuracy => 0.95"', "config.gate 15:15 gates[0]", />=, <=/],
  [
    "an operator in the long form",
    `- ${gate}`,
    "- check: accuracy == 0.95",
    "config.gate 15:21 gates[0].check",
    />=, <=/,
  ],
  [
    "a folded gate is placed at its beginning",
    `- ${gate}`,
    "- >-\n    accuracy =>\n    0.95",
    "config.gate 15:5 gates[0]",
    />=, <=/,
  ],
  ["a slice that is none", gate, "accuracy >= 0.95 by country", "config.gate 15:22 gates[0]", /stroke/],
  ["a metric of another task", gate, "mae <= 3", "config.gate 15:5 gates[0]", /Allowed/i],
  ["an unknown class", gate, "recall(class=7) >= 0.9", "config.gate 15:18 gates[0]", /0, 1, 2/],
  [
    "latency without a load test",
    `load: ${load}\ngates:\n  - ${gate}`,
    "gates:\n  - latency.p99 <= 50ms",
    "config.gate 14:5 gates[0]",
    /load/,
  ],
  [
    "a load test too short for a bound",
    gate,
    "latency.p99.9 <= 50ms @95%",
    "config.gate 15:27 gates[0]",
    /load.rate or load.duration/,
  ],
  ["latency without a unit", gate, "latency.p99 <= 50", "config.gate 15:20 gates[0]", /50ms or 0.05s/],
  ["a direction that asks for the bad", gate, "accuracy <= champion", "config.gate 15:14 gates[0]", />= or >/],
  ["two conditions", gate, "accuracy >= 0.9 && f1 > 0.8", "config.gate 15:21 gates[0]", /two checks/],
  ["what nothing can reach", gate, "accuracy >= 1.5", "config.gate 15:17 gates[0]", /./],
  [
    "a metric misspelt in any_of",
    gate,
    "any_of: [accuracy >= 0.95, acuracy >= 0.9]",
    "config.gate 15:32 gates[0].any_of[1]",
    /Did you mean "accuracy"/,
  ],
  [
    "an operator in any_of, on a line of its own",
    gate,
    "any_of:\n      - accuracy >= 0.95\n      - accuracy => 0.9",
    "config.gate 17:18 gates[0].any_of[1]",
    />=, <=/,
  ],
  ["any_of one", gate, "any_of: [accuracy >= 0.95]", "config.value 15:13 gates[0].any_of", /at least 2/],
  [
    "any_of with a key misspelt",
    gate,
    "{ any_of: [accuracy >= 0.95, ece <= 0.1], severty: advisory }",
    "config.unknown-key 15:47 gates[0].severty",
    /Did you mean "severity"/,
  ],
  [
    "any_of within any_of",
    gate,
    "any_of: [accuracy >= 0.95, { any_of: [accuracy >= 0.9, ece <= 0.1] }]",
    "config.type 15:32 gates[0].any_of[1]",
    /a check such as/,
  ],
];

const slices = "  slices: [stroke]\n";
const command = (name: string, rest: string): string => `${slices}  commands:\n    ${name}: { ${rest} }\n`;
const judge = (rest: string): string => command("judge", `run: [python], metrics: { ${rest} }`);

const commands: Bad[] = [
  [
    "a command without metrics",
    slices,
    command("judge", "run: [python]"),
    "config.missing 14:5 evaluate.commands.judge.metrics",
    /./,
  ],
  [
    "a command that measures nothing",
    slices,
    judge(""),
    "config.value 14:38 evaluate.commands.judge.metrics",
    /helpfulness/,
  ],
  [
    "a command that is a text",
    slices,
    command("judge", "run: python judge.py, metrics: { a: { better: higher } }"),
    "config.type 14:19 evaluate.commands.judge.run",
    /list/,
  ],
  [
    "a metric without a direction",
    slices,
    judge("tone: {}"),
    "config.missing 14:40 evaluate.commands.judge.metrics.tone.better",
    /higher, lower/,
  ],
  [
    "a metric in an unknown unit",
    slices,
    judge("tone: { better: higher, unit: percent }"),
    "config.value 14:70 evaluate.commands.judge.metrics.tone.unit",
    /ratio/,
  ],
  [
    "a metric named like a statistic",
    slices,
    judge("p99: { better: lower }"),
    "config.value 14:40 evaluate.commands.judge.metrics.p99",
    /not mean, max, min or p99/,
  ],
  [
    "a command named like a metric",
    slices,
    command("latency", "run: [python], metrics: { a: { better: lower } }"),
    "config.value 14:14 evaluate.commands.latency",
    /another name/,
  ],
  [
    "a command named like what is measured without it",
    slices,
    command("image", "run: [python], metrics: { size: { better: lower } }"),
    "config.value 14:12 evaluate.commands.image",
    /another name/,
  ],
  [
    "a command in upper case",
    slices,
    command("Judge", "run: [python], metrics: { a: { better: lower } }"),
    "config.value 14:5 evaluate.commands.Judge",
    /lower-case/,
  ],
  [
    "a range the wrong way round",
    slices,
    judge("tone: { better: higher, range: [5, 1] }"),
    "config.value 14:71 evaluate.commands.judge.metrics.tone.range",
    /least value first/,
  ],
  [
    "a share of more than one",
    slices,
    judge("tone: { better: higher, unit: ratio, range: [0, 5] }"),
    "config.value 14:84 evaluate.commands.judge.metrics.tone.range",
    /from 0 to 1/,
  ],
  [
    "a secret in place of its name",
    slices,
    command("judge", "run: [python], metrics: { a: { better: lower } }, env: [sk-123]"),
    "config.value 14:70 evaluate.commands.judge.env[0]",
    /never its value/,
  ],
  ["a metric that no command declares", gate, "judge.tone >= 0.5", "config.gate 15:5 gates[0]", /evaluate\.commands/],
];

const harness = (rest: string): string => `${slices}  imports:\n    harness: { ${rest} }\n`;
const imports: Bad[] = [
  [
    "an unknown tool",
    slices,
    harness("tool: lmeval, from: r.json, metrics: { arc: { better: higher } }"),
    "config.value 14:22 evaluate.imports.harness.tool",
    /lm-eval/,
  ],
  [
    "results without a file",
    slices,
    harness("tool: lm-eval, metrics: { arc: { better: higher } }"),
    "config.missing 14:5 evaluate.imports.harness.from",
    /./,
  ],
  [
    "results named like a command",
    slices,
    `${judge("tone: { better: higher }")}${harness("tool: lm-eval, from: r.json, metrics: { arc: { better: higher } }").replace(slices, "").replace("harness", "judge")}`,
    "config.value 16:12 evaluate.imports.judge",
    /another name/,
  ],
];

const syntax: Bad[] = [
  ["a tab", "  name:", "\tname:", "config.syntax 2:1", /Indent with spaces/],
  ["a key twice", "  name:", "  name: other\n  name:", "config.syntax 3:3 model.name", /Keep one/],
  ["a bracket that stays open", "[stroke]", "[stroke", "config.syntax 13:1", /Indent|Close/],
  ["a tensor without quotes", '"float32[-1,64]"', "float32[-1,64]", "config.syntax 5:29", /in quotes/],
  ["a second colon", "name: digits", "name: digits: x", "config.syntax 2:9", /in quotes/],
  ["a quote that stays open", "name: digits", 'name: "digits', "config.syntax 2:16", /Close what is open/],
  ["a second document", "gates:", "---\ngates:", "config.syntax 14:1", /one configuration to a file/],
  ["an alias of nothing", "name: digits", "name: *digits", "config.syntax 2:9 model.name", /in quotes/],
  ["a tag", "name: digits", "name: !!binary aGk=", "config.syntax 2:18 model.name", /Leave it away/],
  ["a key that is a list", "  name:", "  [a, b]: x\n  name:", "config.syntax 2:3", /name before the colon/],
  ["bytes that are no text", "digits\n", "dig\uFFFDts\n", "config.syntax 2:12", /UTF-8/],
  ["a zero byte", "digits\n", "dig\0ts\n", "config.syntax 2:12", /UTF-8/],
];

export const bad: readonly Bad[] = [
  ...unknown,
  ...missing,
  ...type,
  ...units,
  ...value,
  ...crossed,
  ...gates,
  ...commands,
  ...imports,
  ...syntax,
];
