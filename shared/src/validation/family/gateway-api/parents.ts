import { type KubeObject, kindKeyOf } from "../../../kube/object.ts"
import { list, number, record } from "../../../topology/fact/read.ts"
import { type Check, type Report, type View, check } from "../../check.ts"
import { type Rule, rule } from "../../rule.ts"
import { listed, similar } from "../services/words.ts"
import { gatewayKind, routeKinds, serviceEntryKind, shortKind } from "./kinds.ts"
import { type Listener, allowedText, commonHosts, kindsOf, listenersOf } from "./listener.ts"
import { type Attachment, type Parent, attachmentOf, hostnamesOf, isGateway, parentsOf } from "./parent.ts"

const source = "https://gateway-api.sigs.k8s.io/concepts/api-overview/#attaching-routes-to-gateways"

export const parentUnknown = rule({
  code: "route.parent_unknown",
  aliases: ["KIA1401"],
  level: "error",
  title: "Route is attached to what is not there",
  effect: "Nothing takes the route in, and so it gets no traffic from there",
  remedy: "Correct the name or namespace of the parent, or create it",
  source,
})
export const listenerUnknown = rule({
  code: "route.listener_unknown",
  aliases: [],
  level: "error",
  title: "Route names a listener or port that its parent does not have",
  effect: "The route is not accepted and gets no traffic from that parent",
  remedy: "Correct sectionName or port, or leave them out",
  source,
})
export const kindRefused = rule({
  code: "route.kind_not_allowed",
  aliases: [],
  level: "error",
  title: "No listener takes routes of this kind",
  effect: "The route is not accepted and gets no traffic from that parent",
  remedy: "Use the kind that goes with the listener's protocol, or allow it in allowedRoutes.kinds",
  source,
})
export const namespaceRefused = rule({
  code: "route.namespace_not_allowed",
  aliases: ["KIA1401"],
  level: "error",
  title: "Gateway does not let routes of this namespace in",
  effect: "The route is not accepted and gets no traffic from that parent",
  remedy: "Allow the namespace in the listener's allowedRoutes, or move the route",
  source,
})
export const hostnameUnmatched = rule({
  code: "route.hostname_unmatched",
  aliases: [],
  level: "error",
  title: "Host of the route is none of its listeners'",
  effect: "Requests to the host do not get to the route",
  remedy: "Give the listener a hostname that covers it, or correct the route's",
  source,
})

type Subject = { route: KubeObject; kind: string; parent: Parent; path: string }

const nameOf = ({ kind, namespace, name }: Parent): string =>
  `${kind.split(".")[0] ?? kind} ${namespace}/${name}`

const listenerText = ({ name, port, protocol, hostname }: Listener): string =>
  `${name} (${protocol} ${port}${hostname === "*" ? "" : ` ${hostname}`})`

function reportUnknown({ parent, path }: Subject, view: View, report: Report): void {
  const names = similar(
    parent.name,
    view.inNamespace(parent.kind, parent.namespace).map(({ metadata }) => metadata.name),
  )
  report(parentUnknown, {
    path: `${path}.name`,
    message: `there is no ${nameOf(parent)}${names.length > 0 ? `; there is ${names.join(", ")}` : ""}`,
  })
}

/** The first condition that leaves no listener, and what to say of it. */
function refusal(
  { route, kind, parent }: Subject,
  gateway: KubeObject,
  { named, ofKind, letIn }: Attachment,
): { rule: Rule; field: string; message: string } {
  const at = nameOf(parent)
  const all = listenersOf(gateway)
  if (named.length === 0)
    return {
      rule: listenerUnknown,
      field: parent.section === "" ? ".port" : ".sectionName",
      message: `${at} has no listener ${parent.section}${parent.port === 0 ? "" : ` on port ${parent.port}`}; there are ${listed(all.map(listenerText))}`,
    }
  if (ofKind.length === 0)
    return {
      rule: kindRefused,
      field: "",
      message: `${at} takes ${listed([...new Set(named.flatMap(kindsOf))])} on ${listed(named.map(listenerText))}, no ${kind}`,
    }
  if (letIn.length === 0)
    return {
      rule: namespaceRefused,
      field: "",
      message: `${at} takes routes ${listed([...new Set(ofKind.map(allowedText))])}, not those of namespace ${route.metadata.namespace ?? ""}`,
    }
  return {
    rule: hostnameUnmatched,
    field: "",
    message: `${at} listens for ${listed([...new Set(letIn.map(({ hostname }) => hostname))])}, not for ${listed(hostnamesOf(route))}`,
  }
}

/** The listeners of a Gateway that take the route; undefined when the parent is not a Gateway we can read. */
function checkGateway(subject: Subject, view: View, report: Report): readonly Listener[] | undefined {
  const { route, parent, kind, path } = subject
  const gateway = view.get(gatewayKind, parent.namespace, parent.name)
  if (gateway === undefined) {
    reportUnknown(subject, view, report)
    return undefined
  }
  const attachment = attachmentOf({ route, parent, kind }, gateway, view)
  if (attachment.attached.length > 0) return attachment.attached
  const refused = refusal(subject, gateway, attachment)
  report(refused.rule, {
    path: `${path}${refused.field}`,
    message: refused.message,
    references: [
      {
        object: { kind: gatewayKind, namespace: parent.namespace, name: parent.name },
        path: "spec.listeners",
      },
    ],
  })
  return undefined
}

function checkService(subject: Subject, view: View, report: Report): void {
  const { parent, path } = subject
  const found = view.get(parent.kind, parent.namespace, parent.name)
  if (found === undefined) {
    if (view.others.some((other) => other.get(parent.kind, parent.namespace, parent.name) !== undefined))
      return
    reportUnknown(subject, view, report)
    return
  }
  if (parent.port === 0) return
  const field = parent.kind === "Service" ? "port" : "number"
  const ports = list(record(found["spec"])["ports"]).map((port) => number(record(port)[field]))
  if (ports.includes(parent.port)) return
  report(listenerUnknown, {
    path: `${path}.port`,
    message: `${nameOf(parent)} has no port ${parent.port}; there are ${listed(ports.map(String))}`,
    references: [
      { object: { kind: parent.kind, namespace: parent.namespace, name: parent.name }, path: "spec.ports" },
    ],
  })
}

/** Hosts that none of the listeners takes, where some of the route's are taken. */
function checkHostnames(route: KubeObject, listeners: readonly Listener[], report: Report): void {
  const hostnames = hostnamesOf(route)
  if (hostnames.length < 2) return
  for (const [index, hostname] of hostnames.entries()) {
    if (listeners.some((listener) => commonHosts(listener, [hostname]).length > 0)) continue
    report(hostnameUnmatched, {
      path: `spec.hostnames[${index}]`,
      level: "warning",
      message: `no listener takes ${hostname}; there are ${listed(listeners.map(listenerText))}`,
    })
  }
}

const of = (kindKey: string): Check =>
  check({
    name: `${shortKind(kindKey).toLowerCase()}/parents`,
    subject: kindKey,
    reads: [gatewayKind, "Namespace", "Service", serviceEntryKind],
    rules: [parentUnknown, listenerUnknown, kindRefused, namespaceRefused, hostnameUnmatched],
    run: (route, view, report) => {
      const kind = shortKind(kindKeyOf(route))
      const taking: Listener[] = []
      let isWhole = true
      for (const [index, parent] of parentsOf(route).entries()) {
        const subject: Subject = { route, kind, parent, path: `spec.parentRefs[${index}]` }
        if (isGateway(parent)) {
          const listeners = checkGateway(subject, view, report)
          if (listeners === undefined) isWhole = false
          else taking.push(...listeners)
        } else {
          isWhole = false
          if (parent.kind === "Service" || parent.kind === serviceEntryKind)
            checkService(subject, view, report)
        }
      }
      if (isWhole && taking.length > 0 && kind !== "TCPRoute") checkHostnames(route, taking, report)
    },
  })

export const parentChecks: readonly Check[] = routeKinds.map(of)
