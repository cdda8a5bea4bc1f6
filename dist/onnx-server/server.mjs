// Serves the model that MODELGATE_MODEL describes, `{"name", "main", "folder"}`, from the image's root, three folders up.
import { join } from "node:path";
import { createModelServer } from "./http.mjs";
import { loadModel } from "./model.mjs";

const root = join(import.meta.dirname, "../../..");
const graceMilliseconds = 20_000;
const {
  HOST = "0.0.0.0",
  PORT = "8080",
  MODELGATE_MODEL = "{}",
  MODELGATE_BODY_LIMIT = String(16 * 2 ** 20),
  MODELGATE_QUEUE_LIMIT = "256",
} = process.env;

/** Stops before it has started, with one line that a log shows last. */
function giveUp(error) {
  console.error(`cannot serve: ${error.message}`);
  process.exit(1);
}

async function load() {
  const { name, main, folder } = JSON.parse(MODELGATE_MODEL);
  if (!name || !main || !folder) throw new Error('MODELGATE_MODEL must be {"name": …, "main": …, "folder": …}');
  return loadModel({ name, main, folder: join(root, folder), customFolder: join(import.meta.dirname, "../custom") });
}

const model = await load().catch(giveUp);
const { server, stop } = createModelServer(model, {
  bodyLimit: Number(MODELGATE_BODY_LIMIT),
  queueLimit: Number(MODELGATE_QUEUE_LIMIT),
});

server.once("error", giveUp);
server.listen(Number(PORT), HOST, () => {
  console.log(JSON.stringify({ listening: server.address().port, model: model.name, digest: model.digest }));
});

for (const signal of ["SIGTERM", "SIGINT"])
  process.once(signal, async () => {
    setTimeout(() => process.exit(1), graceMilliseconds).unref();
    await stop();
    process.exit(0);
  });
