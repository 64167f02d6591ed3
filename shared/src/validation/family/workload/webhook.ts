import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, stringMap, strings, text } from "../../../topology/fact/read.ts"
import { type View, check, derived } from "../../check.ts"
import { rule } from "../../rule.ts"
import { mutatingKind, serviceKind, validatingKind } from "./kinds.ts"
import { takes } from "./pod-spec.ts"

export const webhooksOverlap = rule({
  code: "webhook.overlap",
  aliases: ["IST0139"],
  level: "error",
  title: "Several injectors take the same pods",
  effect: "A pod may be injected twice, or by the wrong revision",
  remedy: "Let the selectors of the webhooks exclude each other",
})
export const webhookServiceMissing = rule({
  code: "webhook.service_missing",
  aliases: ["IST0139"],
  level: "error",
  title: "Injector whose control plane is not there",
  effect: "The API server cannot reach it: pods are refused, or start without a proxy",
  remedy: "Remove the webhook of a revision that is gone, or name its Service",
})
export const controlPlaneUrlInvalid = rule({
  code: "webhook.url_invalid",
  aliases: ["IST0163"],
  level: "warning",
  title: "Webhook of a remote control plane without a usable address",
  effect: "The API server cannot call it: pods are not injected, config is not checked",
  remedy: "Write the URL of the remote istiod",
})
export const controlPlaneUrlIsIp = rule({
  code: "webhook.url_is_ip",
  aliases: ["IST0164"],
  level: "info",
  title: "Webhook of a remote control plane by an IP address",
  effect: "It stops working when the address changes, and its certificate must be for the address",
  remedy: "Use a host name",
})

type Hook = { configuration: KubeObject; index: number; name: string; webhook: Json }

const revisionLabel = "istio.io/rev"

function revisionsIn(selector: Json, found: Set<string>): void {
  const exact = stringMap(selector["matchLabels"])[revisionLabel]
  if (exact !== undefined) found.add(exact)
  for (const item of list(selector["matchExpressions"]).map(record))
    if (item["key"] === revisionLabel) for (const value of strings(item["values"])) found.add(value)
}

function revisionsOf(configuration: KubeObject): string[] {
  const found = new Set<string>()
  const own = configuration.metadata.labels?.[revisionLabel]
  if (own !== undefined) found.add(own)
  for (const webhook of list(configuration["webhooks"]).map(record)) {
    revisionsIn(record(webhook["namespaceSelector"]), found)
    revisionsIn(record(webhook["objectSelector"]), found)
  }
  return [...found]
}

const isInjector = (configuration: KubeObject): boolean =>
  revisionsOf(configuration).length > 0 ||
  list(configuration["webhooks"]).some((webhook) => text(record(webhook)["name"]).endsWith("istio.io"))

const withRevisions = (
  label: string,
  values: readonly (string | undefined)[],
  revisions: readonly string[],
): Record<string, string>[] =>
  values
    .map((value): Record<string, string> => (value === undefined ? {} : { [label]: value }))
    .flatMap((labels) => [labels, ...revisions.map((revision) => ({ ...labels, [revisionLabel]: revision }))])

/** Notes for each of the names that it comes together with the others. */
function noteAll(found: Map<string, Set<string>>, names: readonly string[]): void {
  for (const name of names)
    for (const other of names) if (other !== name) found.set(name, (found.get(name) ?? new Set()).add(other))
}

/** Which others each webhook overlaps with, over all labels that can decide: `configuration/webhook` -> the same of the others. */
const overlaps = derived({
  name: "overlapping injectors",
  compute: (view: View) => {
    const configurations = view.all(mutatingKind).filter(isInjector)
    const hooks = configurations.flatMap((configuration) =>
      list(configuration["webhooks"])
        .map(record)
        .map((webhook, index): Hook => ({
          configuration,
          index,
          webhook,
          name: `${configuration.metadata.name}/${text(webhook["name"])}`,
        })),
    )
    const revisions = [...new Set(configurations.flatMap(revisionsOf))].sort()
    const found = new Map<string, Set<string>>()
    for (const namespace of withRevisions("istio-injection", [undefined, "enabled", "disabled"], revisions))
      for (const object of withRevisions("sidecar.istio.io/inject", [undefined, "true", "false"], revisions))
        noteAll(
          found,
          hooks
            .filter(
              ({ webhook }) =>
                takes(webhook["namespaceSelector"], namespace) && takes(webhook["objectSelector"], object),
            )
            .map(({ name }) => name),
        )
    return found
  },
})

export const injectors = check({
  name: "webhook/injectors",
  subject: mutatingKind,
  reads: [mutatingKind],
  rules: [webhooksOverlap],
  run: (configuration, view, report) => {
    if (!isInjector(configuration)) return
    const found = view.derive(overlaps, "")
    for (const [index, item] of list(configuration["webhooks"]).entries()) {
      const name = `${configuration.metadata.name}/${text(record(item)["name"])}`
      const others = [...(found.get(name) ?? [])].sort()
      if (others.length > 0)
        report(webhooksOverlap, {
          path: `webhooks[${index}]`,
          message: `${name} takes pods that ${others.join(", ")} takes as well`,
          references: [...new Set(others.map((other) => other.slice(0, other.indexOf("/"))))].map(
            (other) => ({
              object: { kind: mutatingKind, namespace: "", name: other },
              path: "webhooks",
            }),
          ),
        })
    }
  },
})

export const injectorServices = check({
  name: "webhook/services",
  subject: mutatingKind,
  reads: [serviceKind],
  rules: [webhookServiceMissing],
  run: (configuration, view, report) => {
    if (!isInjector(configuration)) return
    const reported = new Set<string>()
    for (const [index, item] of list(configuration["webhooks"]).entries()) {
      const written = record(record(item)["clientConfig"])["service"]
      if (written === undefined) continue
      const [namespace, name] = [text(record(written)["namespace"]), text(record(written)["name"])]
      if (view.get(serviceKind, namespace, name) !== undefined || reported.has(`${namespace}/${name}`))
        continue
      reported.add(`${namespace}/${name}`)
      report(webhookServiceMissing, {
        path: `webhooks[${index}].clientConfig.service`,
        message: `there is no Service ${namespace}/${name}`,
      })
    }
  },
})

const hostOf = (url: string): string | undefined =>
  /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?(\[[^\]]+\]|[^:/?#]+)/i.exec(url)?.[1]
const isIp = (host: string): boolean => host.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)

const isOfIstio = (name: string): boolean =>
  name === "istiod-default-validator" ||
  name.startsWith("istio-validator") ||
  name.startsWith("istio-sidecar-injector")

export const controlPlaneUrls = [mutatingKind, validatingKind].map((subject) =>
  check({
    name: `webhook/urls/${subject}`,
    subject,
    reads: [],
    rules: [controlPlaneUrlInvalid, controlPlaneUrlIsIp],
    run: (configuration, _, report) => {
      if (!isOfIstio(configuration.metadata.name)) return
      for (const [index, item] of list(configuration["webhooks"]).entries()) {
        const webhook = record(item)
        const { url, service } = record(webhook["clientConfig"])
        const path = `webhooks[${index}].clientConfig`
        if (url === undefined) {
          if (service === undefined)
            report(controlPlaneUrlInvalid, {
              path,
              message: `${text(webhook["name"])} has neither url nor service`,
            })
          continue
        }
        const host = hostOf(text(url))
        if (host === undefined)
          report(controlPlaneUrlInvalid, {
            path: `${path}.url`,
            message: `"${text(url)}" is no address of a webhook`,
          })
        else if (isIp(host))
          report(controlPlaneUrlIsIp, { path: `${path}.url`, message: `${text(url)} names an IP address` })
      }
    },
  }),
)
