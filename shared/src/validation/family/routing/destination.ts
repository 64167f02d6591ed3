import { configHost, serviceHost } from "../../../istio/host.ts"
import { named } from "../../../istio/reason.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import { isExportedTo } from "../../../istio/visibility.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { number, record, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check } from "../../check.ts"
import type { Fix } from "../../finding.ts"
import { pointerOf } from "../../path.ts"
import { certain, clientsOf, modelOf } from "./client.ts"
import {
  hostHidden,
  hostNotExported,
  hostUnknown,
  hostWithoutService,
  portRequired,
  portUnknown,
} from "./destination-rules.ts"
import { sectionUnused } from "./gateway-rules.ts"
import { gatewayKind, serviceEntryKind, virtualServiceKind } from "./kinds.ts"
import { meshHosts } from "./mesh-host.ts"
import { isElsewhere, servicesFor } from "./service.ts"
import { type Target, targetPath, visitTargets } from "./target.ts"

const isPublic = ({ exportTo }: RegistryService): boolean => exportTo.length === 0 || exportTo.includes("*")

type Sight = {
  host: string
  written: string
  /** Services that at least one client sees; undefined: there is nothing more to say of the host. */
  visible: readonly RegistryService[] | undefined
}

/** A word before the host where it is not where requests go. */
const role = ({ field }: Target): string => (field === "route" ? "" : "mirror ")

class Destinations {
  readonly #object: KubeObject
  readonly #view: View
  readonly #report: Report
  #last: Sight | undefined

  constructor(object: KubeObject, view: View, report: Report) {
    this.#object = object
    this.#view = view
    this.#report = report
  }

  check(target: Target): void {
    const written = text(target.destination["host"])
    if (written === "") return
    // Routes of a VirtualService mostly go to one service.
    const known = this.#last?.written === written && this.#last.visible !== undefined ? this.#last : undefined
    const sight = known ?? this.#sightOf(written, target)
    if (sight.visible !== undefined) this.#port(target, sight, sight.visible)
  }

  #sightOf(written: string, target: Target): Sight {
    const { namespace = "" } = this.#object.metadata
    const host = configHost(written, namespace, this.#view.settings.domain)
    const services = servicesFor(this.#view, host)
    const visible = services.every(isPublic) ? services : services.filter(isPublic)
    const sight: Sight = { host, written, visible: visible.length > 0 ? visible : undefined }
    if (services.length === 0) this.#unknown(sight, target)
    else if (visible.length === 0) sight.visible = this.#exported(sight, services, target)
    this.#last = sight
    return sight
  }

  #unknown({ host, written }: Sight, target: Target): void {
    if (isElsewhere(this.#view, host)) return
    const path = `${targetPath(target)}.host`
    const message = `No Service or ServiceEntry has the ${role(target)}host ${written}`
    const meant = this.#abbreviated(written)
    if (meant === undefined)
      this.#report(hostUnknown, { path, message: host === written ? message : `${message}, read as ${host}` })
    else
      this.#report(hostUnknown, {
        path,
        message: `${message}: Istio completes only names without a dot; ${meant} is a service`,
        ...(target.destination["subset"] === undefined ? { fix: this.#written(path, meant) } : {}),
      })
  }

  /** `reviews.shop`, or `reviews.shop.svc`, which is enough for DNS, but not here. */
  #abbreviated(written: string): string | undefined {
    const parts = written.split(".")
    const [name = "", namespace = "", svc = "svc"] = parts
    if (parts.length < 2 || parts.length > 3 || svc !== "svc") return undefined
    const full = serviceHost(name, namespace, this.#view.settings.domain)
    return this.#view.mesh.services.has(full) ? full : undefined
  }

  #written(path: string, value: string | number): Fix {
    return {
      title: `Write ${value}`,
      edits: [{ object: refOf(this.#object), patch: [{ op: "replace", path: pointerOf(path), value }] }],
    }
  }

  #exported(
    { written }: Sight,
    services: readonly RegistryService[],
    target: Target,
  ): readonly RegistryService[] | undefined {
    const config = modelOf(this.#view, this.#object)
    const clients = config === undefined ? [] : certain(clientsOf(this.#view, config))
    const hidden = new Set<string>()
    const seen = new Set<RegistryService>()
    for (const { namespace } of clients) {
      const open = services.filter((service) => isExportedTo(service.exportTo, service.namespace, namespace))
      if (open.length === 0) hidden.add(namespace)
      for (const service of open) seen.add(service)
    }
    if (hidden.size === 0) return seen.size === 0 ? undefined : [...seen]
    const [first] = services
    const details = {
      path: `${targetPath(target)}.host`,
      message: `The ${role(target)}host ${written} is not exported to ${[...hidden].sort().join(", ")}, where clients of this VirtualService are`,
      references: first === undefined ? [] : [{ object: first.object, path: "" }],
    }
    this.#report(seen.size === 0 ? hostNotExported : hostHidden, details)
    return seen.size === 0 ? undefined : [...seen]
  }

  #port(target: Target, { host, written }: Sight, services: readonly RegistryService[]): void {
    const port = record(target.destination["port"])["number"]
    const wanted = number(port)
    const [first] = services
    if (first === undefined) return
    if (wanted === 0) {
      if (first.ports.length > 1 && !this.#isSelf(host)) this.#required(target, written, first)
      return
    }
    for (const service of services) for (const own of service.ports) if (own.number === wanted) return
    if (first.external && first.ports.length === 0) return
    for (const other of this.#view.others)
      if (servicesFor(other, host).some(({ ports }) => ports.some((own) => own.number === wanted))) return
    const path = `${targetPath(target)}.port.number`
    const behind = first.ports.filter((own) => own.target === wanted)
    const [meant] = behind
    this.#report(portUnknown, {
      path,
      message: `${named(first.object)} has no port ${wanted}${meant === undefined ? portsOf(first) : `, which is the targetPort of its port ${meant.number}`}`,
      references: [{ object: first.object, path: "spec.ports" }],
      ...(meant !== undefined && behind.length === 1 ? { fix: this.#written(path, meant.number) } : {}),
    })
  }

  /** A VirtualService on the mesh for the very service: whoever calls it calls a port that it has. */
  #isSelf(host: string): boolean {
    const config = modelOf(this.#view, this.#object)
    return config?.gateways.every((gateway) => gateway === "mesh") === true && config.hosts.includes(host)
  }

  #required(target: Target, written: string, service: RegistryService): void {
    this.#report(portRequired, {
      path: targetPath(target),
      message: `${written} has several ports and none is chosen${portsOf(service)}`,
      references: [{ object: service.object, path: "spec.ports" }],
    })
  }
}

const portsOf = ({ ports }: RegistryService): string =>
  ports.length === 0 ? "" : `; there are ${ports.map(({ number: port }) => port).join(", ")}`

export const destinations = check({
  name: "virtualservice/destinations",
  subject: virtualServiceKind,
  reads: [virtualServiceKind, "Service", serviceEntryKind, gatewayKind, "Pod"],
  needs: ["Service"],
  rules: [
    hostUnknown,
    hostWithoutService,
    sectionUnused,
    hostNotExported,
    hostHidden,
    portUnknown,
    portRequired,
  ],
  run: (object, view, report) => {
    meshHosts(view, object, report)
    const all = new Destinations(object, view, report)
    visitTargets(record(object["spec"]), (target) => {
      all.check(target)
    })
  },
})
