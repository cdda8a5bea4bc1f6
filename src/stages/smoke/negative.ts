import { WorldError } from "../../domain/problem.ts";
import { shorten } from "../../domain/shorten.ts";
import type { SmokeStep } from "../../domain/smoke.ts";
import type { Fault, Session } from "../../ports/protocol.ts";
import { limited, message, type Seen, type Stepping, step, well } from "./step.ts";

const shown = 200;

/** A stack trace or a file's place, as servers put them into the body of an error. */
const leak = /Traceback \(most recent call last\)|stack_?trace|File \\?"[^"]+\\?", line \d+|(?:\n|\\n)\s+at \S.*:\d+/i;

/** How hard a wrong refusal is judged. */
interface Judging extends Stepping {
  /** The user's own request, which names its statuses: any other is a failure. */
  own: boolean;
  /** A failure of the server where the request is at fault is not only worth a warning. */
  strict: boolean;
}

async function answerOf({ send }: Fault, options: Stepping): Promise<{ status: number; body: string }> {
  try {
    return await send(limited(options));
  } catch (error) {
    const answered = error instanceof WorldError && error.problem.code === "endpoint.answer";
    throw answered ? error : new Error(`no answer: ${message(error)}`, { cause: error });
  }
}

async function refusal(fault: Fault, options: Judging): Promise<Seen> {
  const { status, body } = await answerOf(fault, options);
  const { right } = fault;
  const said = status === 0 ? shorten(body, shown) : `answered ${status}`;
  if (right.includes(status))
    return leak.test(body)
      ? { level: "advisory", ok: false, detail: `${said}, with a stack trace: ${shorten(body, shown)}` }
      : well(said);
  const detail = `${said}, right is ${right.join(" or ")}${status === 0 ? "" : `: ${shorten(body, shown)}`}`;
  if (status >= 200 && status < 300)
    return { level: "required", ok: false, detail: `${detail} (a bad request was taken for a good one)` };
  const failure = options.own || (options.strict && (status >= 500 || status === 0));
  return { level: failure ? "required" : "advisory", ok: false, detail };
}

/** A bad request gets an answer that is not a success, and the server is ready for the next one. */
async function negative(session: Session, fault: Fault, options: Judging): Promise<Seen> {
  const seen = await refusal(fault, options);
  const after = await session.ready(limited(options)).catch((error: unknown) => {
    throw new Error(`${seen.detail}; afterwards the server is gone: ${message(error)}`, { cause: error });
  });
  if (!after.ready) throw new Error(`${seen.detail}; afterwards the server is not ready: ${after.detail}`);
  return seen;
}

/** S7: the bad requests of the protocol, and the user's own. */
export async function negatives(
  session: Session,
  faults: { protocol: readonly Fault[]; own: readonly Fault[] },
  options: Stepping & { strict: boolean },
): Promise<SmokeStep[]> {
  const tried = [
    ...faults.protocol.map((fault) => ({ fault, own: false })),
    ...faults.own.map((fault) => ({ fault, own: true })),
  ];
  const steps: SmokeStep[] = [];
  for (const { fault, own } of tried)
    steps.push(await step(`S7 ${fault.id}`, options, () => negative(session, fault, { ...options, own })));
  return steps;
}
