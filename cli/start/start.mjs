// `npm start`. Plain JavaScript for Node >= 20.
import { handOver } from "./hand-over.mjs"

handOver("cli/start/main.ts")
