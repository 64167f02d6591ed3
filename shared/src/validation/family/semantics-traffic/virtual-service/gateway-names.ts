import type { Rule } from "../../../rule.ts"
import { domainProblem, isDnsLabel } from "../../../semantic/name.ts"
import type { Problem } from "../../../semantic/problem.ts"
import type { Say } from "../say.ts"

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

/** Gateways that a VirtualService or a match names. That `name.namespace` is an old form is for the family of routing to say. */
export function sayGatewayNames(
  names: readonly unknown[],
  path: string,
  { say, rule, generated = false }: { say: Say; rule: Rule; generated?: boolean },
): void {
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (typeof name !== "string" || name === "mesh") continue
    say(rule, `${path}[${i}]`, nameProblem(name, generated))
  }
}
