#!/usr/bin/env node
// Plain JavaScript for Node >= 20.
import { handOver } from "../start/hand-over.mjs"

handOver("cli/src/main.ts")
