import { layoutBuilder } from "./layout.ts";
import { registryBuilder } from "./registry.ts";

/** Where images are built into: kind → builder. */
export const builders = { layout: layoutBuilder, registry: registryBuilder };
