// npm run bench: every figure is a median with its range, and a ratio against a peer measured in the same run.
import { benchBundle } from "./bundle.ts";

benchBundle();
