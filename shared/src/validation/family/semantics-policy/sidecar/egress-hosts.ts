import { refOf } from "../../../../kube/object.ts"
import { text } from "../../../../topology/fact/read.ts"
import { at, pointerOf } from "../../../path.ts"
import { sidecarHostProblem } from "../../../semantic/scoped-host.ts"
import { items } from "../read.ts"
import type { Listeners } from "./ingress.ts"
import { egressHostInvalid, egressHostRedundant, egressInvalid } from "./rules.ts"

/** What an earlier entry says of the same namespace: the same name, or all of them. */
function twin(seen: ReadonlySet<string>, namespace: string, host: string): string | undefined {
  const all = `${namespace}/*`
  if (seen.has(`${namespace}/${host}`)) return `${namespace}/${host}`
  return seen.has(all) ? all : undefined
}

function checkHost(value: string, path: string, seen: Seen, listeners: Listeners): void {
  const problem = sidecarHostProblem(value)
  if (problem !== undefined) return listeners.report(egressHostInvalid, { path, message: problem })
  const slash = value.indexOf("/")
  if (value.startsWith("~")) return
  const own = text(listeners.object.metadata.namespace)
  const namespace = value.startsWith("./") ? own : value.slice(0, slash)
  const host = value.slice(slash + 1)
  const earlier = twin(seen.hosts, namespace, host)
  if (earlier !== undefined)
    listeners.report(egressHostRedundant, {
      path,
      message: `${value} is imported by an earlier ${earlier} already`,
      fix: {
        title: `Remove ${value}`,
        edits: [{ object: refOf(listeners.object), patch: [{ op: "remove", path: pointerOf(path) }] }],
      },
    })
  else if (host === "*" && seen.namespaces.has(namespace))
    listeners.report(egressHostRedundant, {
      path,
      message: `${value} imports all of ${namespace}, so the earlier entries for it change nothing`,
    })
  seen.hosts.add(`${namespace}/${host}`)
  seen.namespaces.add(namespace)
}

type Seen = { hosts: Set<string>; namespaces: Set<string> }

/** The hosts of one listener. Entries that begin with `~` take away, and are not compared. */
export function checkHosts(value: unknown, path: string, listeners: Listeners): void {
  const hosts = items(value)
  if (hosts.length === 0)
    return listeners.report(egressInvalid, { path, message: "the egress listener has no hosts" })
  if (hosts.length === 1) {
    const problem = sidecarHostProblem(text(hosts[0]))
    if (problem !== undefined)
      listeners.report(egressHostInvalid, { path: `${path}.hosts[0]`, message: problem })
    return
  }
  const seen = { hosts: new Set<string>(), namespaces: new Set<string>() }
  for (let i = 0; i < hosts.length; i++) checkHost(text(hosts[i]), at(`${path}.hosts`, i), seen, listeners)
  if (seen.hosts.has("*/*") && seen.namespaces.size > 1)
    listeners.report(egressHostRedundant, {
      path: `${path}.hosts`,
      message: "*/* imports everything, so the entries for single namespaces beside it change nothing",
    })
}
