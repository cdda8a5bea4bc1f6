/**
 * Statuses of gRPC by number, and the status of HTTP that says the same
 * (https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto).
 */
const statuses = [
  ["OK", 200],
  ["CANCELLED", 499],
  ["UNKNOWN", 500],
  ["INVALID_ARGUMENT", 400],
  ["DEADLINE_EXCEEDED", 504],
  ["NOT_FOUND", 404],
  ["ALREADY_EXISTS", 409],
  ["PERMISSION_DENIED", 403],
  ["RESOURCE_EXHAUSTED", 429],
  ["FAILED_PRECONDITION", 400],
  ["ABORTED", 409],
  ["OUT_OF_RANGE", 400],
  ["UNIMPLEMENTED", 501],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DATA_LOSS", 500],
  ["UNAUTHENTICATED", 401],
] as const;

/** The name of a status, and its number in HTTP. */
export function grpcStatus(code: number): { name: string; http: number } {
  const [name, http] = statuses[code] ?? [`status ${code}`, 500];
  return { name, http };
}
