export { schemaFault } from "./json-schema.ts";
