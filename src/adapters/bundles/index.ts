export { layoutBundles } from "./layout.ts";
