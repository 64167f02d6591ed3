import { type ExplainQuestion, Explainer, type Explanation } from "#shared/istio/explain.ts"
import { defaultSettings } from "#shared/istio/mesh.ts"
import { indexMesh } from "#shared/istio/model.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type Bed, type Logged, meshConfig, startBed } from "./bed.ts"
import { type AskedMesh, podOf } from "./http-mesh.ts"
import type { Proxy } from "./bootstrap.ts"
import type { Resource } from "./kube-stub.ts"

/** The product's model of a bed's mesh. */
export const explainerOf = (objects: readonly Resource[], proxies: readonly Proxy[]): Explainer =>
  new Explainer(
    indexMesh([...objects, ...proxies.map(podOf)] as KubeObject[], {
      ...defaultSettings,
      autoMtls: meshConfig.enableAutoMtls,
      outbound: "REGISTRY_ONLY",
    }),
  )

/** Asks every question through the real proxies, eight at a time. */
export async function askAll(bed: Bed, questions: readonly ExplainQuestion[]): Promise<Map<string, Logged>> {
  const proxyOf = ({ via }: ExplainQuestion): string => via.slice(via.indexOf("/") + 1)
  const waiting = [...questions]
  const worker = async (): Promise<void> => {
    for (let question = waiting.pop(); question !== undefined; question = waiting.pop()) {
      const { id, port, method, path, host } = question
      const headers = { ...question.headers, host, "x-ask": String(id) }
      await bed.ask(proxyOf(question), port, { method, path, headers })
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  const logs = await Promise.all(
    [...new Set(questions.map(proxyOf))].map((proxy) =>
      bed.logged(
        proxy,
        questions.filter((question) => proxyOf(question) === proxy).map(({ id }) => String(id)),
      ),
    ),
  )
  return new Map(logs.flatMap((log) => [...log]))
}

const clusterOf = ({ port, subset, host }: Explanation["destinations"][number]): string =>
  `outbound|${port}|${subset}|${host}`

/** What differs between the model's answer and Envoy's; empty when they agree. */
export function differences(explanation: Explanation, logged: Logged): string[] {
  const found: string[] = []
  const held = explanation.virtualService ?? explanation.httpRoute
  const route = held === undefined || held === null ? null : `${held}#${explanation.route ?? ""}`
  const real = logged.route.includes("#") ? logged.route : null
  if (route !== real) found.push(`route ${String(route)}, really ${logged.route}`)
  if (explanation.status !== null && explanation.status !== logged.status)
    found.push(`status ${explanation.status}, really ${logged.status}`)
  if (logged.cluster.startsWith("outbound|")) {
    const destination = explanation.destinations.find((candidate) => clusterOf(candidate) === logged.cluster)
    if (destination === undefined)
      found.push(
        `goes to ${explanation.destinations.map(clusterOf).join(" or ")}, really to ${logged.cluster}`,
      )
    else if (logged.flags === "UH" && destination.state === "no_cluster")
      found.push(`no cluster ${logged.cluster}, really there is`)
  } else if (
    logged.flags.includes("NC") &&
    explanation.destinations.every(({ state }) => state !== "no_cluster")
  )
    found.push(`a cluster for ${explanation.destinations.map(clusterOf).join(" or ")}, really none`)
  return found
}

/** What the model answers otherwise than the real proxies, the first twenty. @throws Error when Envoy refused any configuration */
export async function mismatches({ objects, proxies, questions }: AskedMesh): Promise<string[]> {
  const bed = await startBed(objects, proxies)
  try {
    for (const { name } of proxies)
      for (const [stat, refused] of await bed.stats(name, /(lds|cds|rds).*update_rejected$/))
        if (refused > 0) throw new Error(`Envoy ${name} refused a configuration: ${stat}`)
    const logged = await askAll(bed, questions)
    const explainer = explainerOf(objects, proxies)
    return questions
      .flatMap((question) => {
        const real = logged.get(String(question.id))
        const found = real ? differences(explainer.explain(question), real) : ["not logged"]
        return found.map((what) => `${what}: ${JSON.stringify(question)}`)
      })
      .slice(0, 20)
  } finally {
    await bed.stop()
  }
}
