import { Command, Option } from "commander"
import { addAccess } from "./command/access.ts"
import { addCluster } from "./command/clusters.ts"
import { addCompletion } from "./command/completion.ts"
import { addFault } from "./command/control/fault.ts"
import { addMirror } from "./command/control/mirror.ts"
import { addMtls } from "./command/control/mtls.ts"
import { addPolicies } from "./command/control/policy.ts"
import { addRouting } from "./command/control/routing.ts"
import { addShift } from "./command/control/shift.ts"
import { addExplain } from "./command/explain.ts"
import { addFindings } from "./command/findings.ts"
import { addGet } from "./command/get.ts"
import { addFix } from "./command/fix.ts"
import { addHistory } from "./command/history.ts"
import { addLogin } from "./command/login.ts"
import { addOrganization } from "./command/org.ts"
import { addObjects } from "./command/objects.ts"
import { addServices, addWorkloads } from "./command/mesh.ts"
import { addRules } from "./command/rules.ts"
import { addStatus } from "./command/status.ts"
import { addTokens } from "./command/tokens.ts"
import { addTopology } from "./command/topology.ts"
import { addUndo } from "./command/undo.ts"
import { addValidate } from "./command/validate.ts"
import type { Io } from "./io.ts"
import { formats } from "./output.ts"

/** The commands of `smm`. Each one answers its exit code through `done`. */
export function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command("smm")
    .description("Service Mesh Manager in a terminal")
    .addOption(new Option("-o, --output <format>", "how to print").choices(formats).default("table"))
    .option("--org <name>", "organization, when you are in several")
    .option("--server <url>", "address of the server (SMM_SERVER)")
    .option("--token <token>", "API token (SMM_TOKEN)")
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExit codes: 0 ok, 1 the answer is negative, 2 usage, 3 not authenticated, 4 denied or not found, 5 server unreachable",
    )
  const add = { program, io, done }
  addLogin(add)
  addStatus(add)
  addCluster(add)
  addTopology(add)
  addServices(add)
  addWorkloads(add)
  addGet(add)
  addRouting(add)
  addShift(add)
  addMirror(add)
  addFault(add)
  addPolicies(add)
  addMtls(add)
  addObjects(add)
  addFix(add)
  addUndo(add)
  addHistory(add)
  addAccess(add)
  addFindings(add)
  addValidate(add)
  addExplain(add)
  addRules(add)
  addTokens(add)
  addOrganization(add)
  addCompletion(add)
  inheritExit(program)
  return program
}

/** Sub-commands made with `addCommand` do not take over these settings by themselves. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inheritExit(child)
  }
}
