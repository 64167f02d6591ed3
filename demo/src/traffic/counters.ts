import type { Flow } from "./flow.ts"
import type { Plan } from "./plan.ts"

/** One series' worth of counters of each proxy of a workload: all of them have done the same since they began. */
export type Counter = Pick<Flow, "protocol" | "text"> & { perPod: Float64Array }

type Running = { flow: Flow; counter: Counter; pods: number }

/** A swing of the load around its mean, nearly the same everywhere, so that what goes into a service and what it calls keep their proportion. */
export function swing(edge: string, atMs: number, amplitude: number): number {
  if (amplitude === 0) return 1
  let phase = 0
  for (let i = 0; i < edge.length; i++) phase = (phase * 31 + edge.charCodeAt(i)) % 6_283
  const everybody = Math.sin(atMs / 95_000)
  const own = Math.sin(atMs / 11_000 + phase / 500)
  return 1 + amplitude * (0.85 * everybody + 0.15 * own)
}

/**
 * Counters of all proxies. They are kept once per workload and kind of call, as what each of its pods has counted; a pod that came later
 * remembers where it began. So a tick costs one addition per flow, however many pods there are.
 */
export class Counters {
  readonly #byProxy = new Map<string, Map<string, Counter>>()
  readonly #births = new Map<string, Map<Counter, Float64Array>>()
  #running: Running[] = []
  readonly #amplitude: number

  constructor(amplitude: number) {
    this.#amplitude = amplitude
  }

  /** Takes the rates of a new plan; workloads and pods that are gone are forgotten. */
  follow(plan: Plan): void {
    const pods = new Set<string>()
    for (const workload of plan.workloads.values())
      for (const { namespace, name } of workload.active) pods.add(`${namespace}/${name}`)
    this.#forget(plan, pods)
    for (const workload of plan.workloads.values())
      for (const { namespace, name } of workload.active) this.#begin(`${namespace}/${name}`, workload.key)
    this.#running = plan.flows.map((flow) => ({
      flow,
      counter: this.#counterOf(flow),
      pods: flow.proxy.active.length,
    }))
  }

  #forget(plan: Plan, pods: ReadonlySet<string>): void {
    for (const key of this.#byProxy.keys()) if (!plan.workloads.has(key)) this.#byProxy.delete(key)
    for (const key of this.#births.keys()) if (!pods.has(key)) this.#births.delete(key)
  }

  #begin(pod: string, workload: string): void {
    if (this.#births.has(pod)) return
    const counters = this.#byProxy.get(workload)?.values() ?? []
    this.#births.set(pod, new Map([...counters].map((counter) => [counter, counter.perPod.slice()])))
  }

  #counterOf({ proxy, protocol, text, perSecond }: Flow): Counter {
    const counters = this.#byProxy.get(proxy.key) ?? new Map<string, Counter>()
    this.#byProxy.set(proxy.key, counters)
    const counter = counters.get(text) ?? { protocol, text, perPod: new Float64Array(perSecond.length) }
    counters.set(text, counter)
    return counter
  }

  /** Adds what happened in the seconds before `atMs`. */
  advance(seconds: number, atMs: number): void {
    for (const { flow, counter, pods } of this.#running) {
      const factor = (seconds * swing(flow.edge, atMs, this.#amplitude)) / pods
      for (let i = 0; i < flow.perSecond.length; i++)
        counter.perPod[i] = (counter.perPod[i] ?? 0) + (flow.perSecond[i] ?? 0) * factor
    }
  }

  /** What the proxy of one pod has counted; empty when it has seen nothing. */
  of(workload: string, pod: string): Counter[] {
    const births = this.#births.get(pod)
    return [...(this.#byProxy.get(workload)?.values() ?? [])].flatMap((counter) => {
      const birth = births?.get(counter)
      const perPod = birth ? counter.perPod.map((value, i) => value - (birth[i] ?? 0)) : counter.perPod
      return perPod.some((value) => value > 0) ? [{ ...counter, perPod }] : []
    })
  }
}
