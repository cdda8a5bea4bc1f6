import type { Dialect } from "../../src/domain/dialect.ts";
import type { Protocol } from "../../src/ports/protocol.ts";

/** A protocol that always asks in a dialect. */
export const inDialect = (protocol: Protocol, dialect: Dialect): Protocol => ({
  kind: protocol.kind,
  connect: (endpoint, model) => protocol.connect(endpoint, model, dialect),
  faults: (endpoint, model, good) => protocol.faults(endpoint, model, good, dialect),
  badRequest: (endpoint, model, request) => protocol.badRequest(endpoint, model, request, dialect),
});
