/** What a user says of requests where their protocol leaves a choice: only what was said is there. */
export interface Dialect {
  /** Generated text comes as a stream of events. */
  stream?: boolean;
  /** A prompt is gone on with as it is, and is no message of a chat. */
  completions?: boolean;
}
