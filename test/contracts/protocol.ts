import { describe, expect, onTestFinished, test } from "vitest";
import { WorldError } from "../../src/domain/problem.ts";
import type { Endpoint } from "../../src/domain/release.ts";
import type { Tensors } from "../../src/domain/tensor.ts";
import type { Protocol, Session } from "../../src/ports/protocol.ts";

/** A protocol and an endpoint of the model `m`: x, float32[-1,1] → p, float32[-1,2], [0.2,0.8] for x from 0.5 on, else [0.7,0.3]. */
export interface ProtocolUnderTest {
  protocol: Protocol;
  endpoint: Endpoint;
  /** How a protocol that has no metadata names the output: it cannot say what is served, and gives float64. */
  unnamed?: string;
  /** Whether its numbers are carried as float32; else they are what JSON says. */
  single?: true;
  /** With what a body that ends early is refused, where that is not 400. */
  cutOff?: number;
  /** Changes how the endpoint behaves from now on. `gone`: nothing listens any more. */
  become(state: "loading" | "hanging" | "answering NaN" | "gone"): Promise<void>;
  dispose(): Promise<void>;
}

const input = (x: number): Tensors => ({ x: { dtype: "float32", shape: [1, 1], data: [x] } });

/** The only output. */
const first = (outputs: Tensors): Tensors[string] => Object.values(outputs)[0]!;

/** A number as a protocol carries it. */
const carried = (single: true | undefined) => (value: number) => (single ? Math.fround(value) : value);

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (reason: unknown) => reason,
  );

/** What every protocol must do. */
export function protocolContract(name: string, make: () => Promise<ProtocolUnderTest>): void {
  describe(`protocol ${name}`, () => {
    const { signal } = new AbortController();
    const open = async (): Promise<ProtocolUnderTest & { session: Session }> => {
      const made = await make();
      const session = made.protocol.connect(made.endpoint, "m");
      onTestFinished(async () => {
        await session[Symbol.asyncDispose]();
        await made.dispose();
      });
      return { ...made, session };
    };

    test("says whether the model is ready, and what it saw", async () => {
      const { session, become } = await open();
      expect(await session.ready(signal)).toMatchObject({ ready: true });
      await become("loading");
      const { ready, detail } = await session.ready(signal);
      expect([ready, detail.length > 0]).toEqual([false, true]);
    });

    test("says what is served", async () => {
      const { session, unnamed } = await open();
      const { name: model, inputs, outputs } = await session.metadata(signal);
      if (unnamed !== undefined)
        return expect({ model, inputs, outputs }).toEqual({ model: "m", inputs: null, outputs: null });
      expect({ model, inputs, outputs }).toEqual({
        model: "m",
        inputs: [{ name: "x", dtype: "float32", shape: [-1, 1] }],
        outputs: [{ name: "p", dtype: "float32", shape: [-1, 2] }],
      });
    });

    test("a prepared call is sent as often as wanted, and its times are in order", async () => {
      const { session, unnamed, single } = await open();
      const [output, dtype] = unnamed === undefined ? ["p", "float32"] : [unnamed, "float64"];
      const call = session.prepare(input(0.9), "a");
      for (let time = 0; time < 3; time++) {
        const { outputs, sent, done } = await call.send(signal);
        expect(outputs).toEqual({ [output]: { dtype, shape: [1, 2], data: [0.2, 0.8].map(carried(single)) } });
        expect(sent <= done && done <= performance.now()).toBe(true);
      }
    });

    test("requests at the same time get their own answers", async () => {
      const { session, single } = await open();
      const sent = Array.from({ length: 40 }, (_, index) => (index % 3 === 0 ? 0.9 : 0.1));
      const answers = await Promise.all(sent.map((x, index) => session.prepare(input(x), `r${index}`).send(signal)));
      expect(answers.map(({ outputs }) => first(outputs).data[1])).toEqual(
        sent.map((x) => carried(single)(x >= 0.5 ? 0.8 : 0.3)),
      );
    });

    test("NaN in an output is delivered", async () => {
      const { session, become } = await open();
      await become("answering NaN");
      expect(first((await session.prepare(input(0.9), "a").send(signal)).outputs).data[0]).toBeNaN();
    });

    test("nothing listening is an error of the world that may pass", async () => {
      const { session, become } = await open();
      await become("gone");
      const error = await failure(session.prepare(input(0.9), "a").send(signal));
      expect(error).toBeInstanceOf(WorldError);
      expect(error).toMatchObject({ problem: { code: "endpoint.unreachable" }, retryable: true });
    });

    test("time that runs out is the endpoint's failure, and asking again at once would not help", async () => {
      const { session, become } = await open();
      await become("hanging");
      const error = await failure(session.prepare(input(0.9), "a").send(AbortSignal.timeout(50)));
      expect(error).toBeInstanceOf(WorldError);
      expect(error).toMatchObject({ problem: { code: "endpoint.unreachable" }, retryable: false });
    });

    test("who aborts gets the own reason back", async () => {
      const { session, become } = await open();
      await become("hanging");
      const controller = new AbortController();
      const sending = failure(session.prepare(input(0.9), "a").send(controller.signal));
      const reason = new Error("enough");
      controller.abort(reason);
      expect(await sending).toBe(reason);
    });

    test("each of its bad requests has its own name and is not taken for a good one, and the endpoint stays right", async () => {
      const { protocol, endpoint, session, single } = await open();
      const faults = protocol.faults(endpoint, "m", input(0.9));
      expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
      expect(faults.length).toBeGreaterThan(0);
      for (const { right, send } of faults) expect(right).toContain((await send(signal)).status);
      expect(first((await session.prepare(input(0.9), "a").send(signal)).outputs).data[1]).toBe(carried(single)(0.8));
    });

    test("a bad request of the user's own is sent as it is", async () => {
      const { protocol, endpoint, cutOff = 400 } = await open();
      const own = protocol.badRequest(endpoint, "m", { id: "half", body: '{"inputs":[', status: [400] });
      expect([own.id, own.right, (await own.send(signal)).status]).toEqual(["half", [400], cutOff]);
    });
  });
}
