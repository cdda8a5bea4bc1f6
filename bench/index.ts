// npm run bench [-- load [rate] [seconds]]: every figure is a median with its range, and a ratio against a peer measured in the same run.
import { benchBundle } from "./bundle.ts";
import { benchLoad } from "./load.ts";

const [what = "bundle", ...words] = process.argv.slice(2);
if (what === "load") await benchLoad(...words.map(Number));
else if (what === "bundle") benchBundle();
else {
  console.error(`there is no bench "${what}": write bundle or load`);
  process.exitCode = 2;
}
