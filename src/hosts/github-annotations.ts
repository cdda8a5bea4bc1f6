import * as core from "@actions/core";
import type { Problem } from "../domain/problem.ts";
import { cut } from "../domain/shorten.ts";
import { log } from "./github-log.ts";

/** The runner shows ten annotations of a type for a step, and of each message so many characters. */
const annotationsShown = 10;
const longestMessage = 4096;

const annotate = { error: core.error, warning: core.warning, notice: core.notice };

/** One annotation: what it says, and where. */
interface Annotation {
  message: string;
  properties: core.AnnotationProperties;
}

/** The annotation of a problem. A long message is cut, and what to do about it is not. */
export function annotationOf({ code, message, hint, at }: Problem): Annotation {
  const room = Math.max(0, longestMessage - hint.length - 1);
  return {
    message: cut(`${cut(message, room)}\n${hint}`, longestMessage),
    properties: {
      title: `modelgate: ${code}`,
      ...(at && { file: at.file }),
      ...(at?.line !== undefined && { startLine: at.line }),
      ...(at?.column !== undefined && { startColumn: at.column }),
    },
  };
}

/** The annotations of one type that a step shows: the first ones at once, the last one counts the rest. */
interface Shelf {
  /** Annotates, or says in the log what there is no room for. */
  add(annotation: Annotation): void;
  /** Shows the last one: itself when it is the tenth, else how many more there are. Nothing is to be added after. */
  close(): void;
}

/** @param spill takes what there is no room for; by default the log. */
export function createShelf(type: keyof typeof annotate, spill: (text: string) => void = log): Shelf {
  const waiting: Annotation[] = [];
  let shown = 0;
  const show = ({ message, properties }: Annotation): void =>
    annotate[type](cut(message.toWellFormed(), longestMessage), properties);
  return {
    add(annotation) {
      if (shown < annotationsShown - 1) {
        shown++;
        show(annotation);
        return;
      }
      waiting.push(annotation);
      spill(`${type}: ${annotation.properties.title ?? ""}: ${annotation.message}`);
    },
    close() {
      const [only] = waiting;
      if (waiting.length === 1) show(only!);
      else if (waiting.length > 1)
        show({
          message: `${waiting.length} more ${type}s are in the log of this step: the runner shows ${annotationsShown}`,
          properties: { title: "modelgate" },
        });
      waiting.length = 0;
    },
  };
}
