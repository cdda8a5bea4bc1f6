// node bench/load/wrk2.mjs URL RATE MILLISECONDS: the algorithm of wrk2 (https://github.com/giltene/wrk2) on plain sockets: connections
// that each have a rate, send when the next request is due and the answer before has come, and count latency from when it was due.
// Nothing is parsed but the end of an answer, so this is about the least that a generator on Node can cost. Prints its numbers as JSON.
import { connect } from "node:net";
import { body } from "./body.ts";
import { told } from "./told.ts";

const [url, rate, milliseconds] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const connections = 32;
const request = `POST /v2/models/m/infer HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const gap = (1000 / Number(rate)) * connections;
const [lags, latencies] = [[], []];

async function one(index, start) {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.setEncoding("latin1");
  await new Promise((resolve) => socket.once("connect", resolve));
  let text = "";
  let answered = () => undefined;
  socket.on("data", (chunk) => {
    text += chunk;
    if (!text.endsWith("]}]}")) return;
    text = "";
    answered();
  });
  for (let due = start + (gap * index) / connections; due < start + Number(milliseconds); due += gap) {
    const wait = due - performance.now() - 1.5;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    while (performance.now() < due) await new Promise((resolve) => setImmediate(resolve));
    const come = new Promise((resolve) => (answered = resolve));
    lags.push(performance.now() - due);
    socket.write(request);
    await come;
    latencies.push(performance.now() - due);
  }
  socket.destroy();
}

const used = process.cpuUsage();
const start = performance.now() + 200;
await Promise.all(Array.from({ length: connections }, (_, index) => one(index, start)));
told(lags, latencies, used);
