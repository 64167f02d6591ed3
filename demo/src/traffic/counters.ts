import type { Flow } from "./flow.ts"
import type { Plan } from "./plan.ts"
import { loadSeconds, phaseOf } from "./swing.ts"

/** What one proxy has counted of one kind of call. */
export type Counter = Pick<Flow, "protocol" | "text"> & { values: Float64Array }

/** Counted by each pod of a workload until `since`, and how it goes on from there. */
type Series = Counter & { since: number; rates: readonly { perPod: Float64Array; phase: number }[] }

/**
 * Counters of all proxies. Each is kept once per workload and kind of call, as what each of its pods has counted up to the last change of
 * the rates; what came after is worked out when somebody asks, so that time costs nothing. A pod that came later remembers where it began.
 */
export class Counters {
  readonly #byProxy = new Map<string, Map<string, Series>>()
  readonly #births = new Map<string, Map<Series, Float64Array>>()
  readonly #amplitude: number

  constructor(amplitude: number) {
    this.#amplitude = amplitude
  }

  /** From now on the rates of this plan hold; workloads and pods that are gone are forgotten. */
  follow(plan: Plan, at: number): void {
    const pods = new Set<string>()
    for (const workload of plan.workloads.values())
      for (const { namespace, name } of workload.active) pods.add(`${namespace}/${name}`)
    for (const key of this.#byProxy.keys()) if (!plan.workloads.has(key)) this.#byProxy.delete(key)
    for (const key of this.#births.keys()) if (!pods.has(key)) this.#births.delete(key)
    for (const counters of this.#byProxy.values())
      for (const series of counters.values()) {
        series.values = this.#valuesAt(series, at)
        series.since = at
        series.rates = []
      }
    for (const workload of plan.workloads.values())
      for (const { namespace, name } of workload.active) this.#begin(`${namespace}/${name}`, workload.key)
    for (const flow of plan.flows) this.#run(flow, at)
  }

  #begin(pod: string, workload: string): void {
    if (this.#births.has(pod)) return
    const counters = this.#byProxy.get(workload)?.values() ?? []
    this.#births.set(pod, new Map([...counters].map((series) => [series, series.values])))
  }

  #run({ proxy, protocol, text, edge, perSecond }: Flow, at: number): void {
    const counters = this.#byProxy.get(proxy.key) ?? new Map<string, Series>()
    this.#byProxy.set(proxy.key, counters)
    const series = counters.get(text) ?? {
      protocol,
      text,
      values: new Float64Array(perSecond.length),
      since: at,
      rates: [],
    }
    const perPod = perSecond.map((rate) => rate / proxy.active.length)
    series.rates = [...series.rates, { perPod, phase: phaseOf(edge) }]
    counters.set(text, series)
  }

  #valuesAt({ values, since, rates }: Series, at: number): Float64Array {
    const sum = values.slice()
    for (const { perPod, phase } of rates) {
      const seconds = Math.max(0, loadSeconds(since, at, phase, this.#amplitude))
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (perPod[i] ?? 0) * seconds
    }
    return sum
  }

  /** What the proxy of one pod has counted; empty when it has seen nothing. */
  of(workload: string, pod: string, at: number): Counter[] {
    const births = this.#births.get(pod)
    return [...(this.#byProxy.get(workload)?.values() ?? [])].flatMap((series) => {
      const birth = births?.get(series)
      const values = this.#valuesAt(series, at)
      if (birth) for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) - (birth[i] ?? 0)
      return values.some((value) => value > 0)
        ? [{ protocol: series.protocol, text: series.text, values }]
        : []
    })
  }
}
