export { createDataUses } from "./data-uses.ts";
export { createHandOver } from "./hand-over.ts";
export { createLedgerStore } from "./ledger.ts";
export { createEvidenceStore } from "./statements.ts";
