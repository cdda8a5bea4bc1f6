import { v2 } from "../../src/adapters/protocols/v2.ts";
import { fakeProtocol } from "../fakes/protocol.ts";
import { type Answering, probabilities, thresholding, v2Server } from "../fakes/v2-server.ts";
import { protocolContract } from "./protocol.ts";

protocolContract("fake", async () => {
  const protocol = fakeProtocol();
  return {
    protocol,
    endpoint: { url: "fake:", protocol: "fake" },
    async become(state) {
      if (state === "loading") protocol.ready = false;
      else if (state === "hanging") protocol.hangs = true;
      else if (state === "gone") protocol.up = false;
      else protocol.answer = () => [Number.NaN, 0.5];
    },
    dispose: async () => undefined,
  };
});

protocolContract("v2", async () => {
  let state = "sound";
  const answer: Answering = (request, count) => {
    if (state === "hanging") return { hang: true };
    if (state === "answering NaN") return { body: probabilities(request.id, ["NaN", 0.5]) };
    return thresholding(request, count);
  };
  const server = await v2Server(answer, { ready: () => state !== "loading" });
  return {
    protocol: v2,
    endpoint: server.endpoint,
    async become(next) {
      state = next;
      if (next === "gone") await server[Symbol.asyncDispose]();
    },
    dispose: async () => (state === "gone" ? undefined : server[Symbol.asyncDispose]()),
  };
});
