export { createLedgerStore } from "./ledger.ts";
export { createEvidenceStore } from "./statements.ts";
