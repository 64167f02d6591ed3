import { gatewayName } from "../../../../istio/mesh.ts"
import type { Rule } from "../../../rule.ts"
import { domainProblem, isDnsLabel } from "../../../semantic/name.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { type Say, replacement } from "../say.ts"
import { oldName } from "./rules.ts"

function nameProblem(name: string, generated: boolean): Problem {
  const slash = name.indexOf("/")
  if (slash === -1) return domainProblem(name)
  const [namespace, gateway] = [name.slice(0, slash), name.slice(slash + 1)]
  if (namespace === "" || gateway === "")
    return `${name} needs a namespace before and a gateway after the slash`
  if (!isDnsLabel(namespace)) return `${name} has the namespace ${namespace}, which is no name of a namespace`
  return generated || isDnsLabel(gateway)
    ? undefined
    : `${name} has the gateway ${gateway}, which is no name of a gateway`
}

/** `name.namespace`, with more or without, as names of gateways were written long ago. */
function sayOldName(name: string, path: string, say: Say): void {
  if (name.includes("/") || !name.includes(".")) return
  const full = gatewayName(name, "")
  say(oldName, path, `${name} is the old way to write ${full}`, replacement(`Write ${full}`, path, full))
}

/** Gateways that a VirtualService or a match names. */
export function sayGatewayNames(
  names: readonly unknown[],
  path: string,
  { say, rule, generated = false }: { say: Say; rule: Rule; generated?: boolean },
): void {
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (typeof name !== "string" || name === "mesh") continue
    const problem = nameProblem(name, generated)
    if (problem === undefined) sayOldName(name, `${path}[${i}]`, say)
    else say(rule, `${path}[${i}]`, problem)
  }
}
