import { Table } from "../incremental/table.ts"
import type { Tracker } from "../incremental/tracker.ts"
import type { Instance } from "./instance.ts"

/**
 * Instances by a label and its value, `NAMESPACE/LABEL=VALUE`. Only of labels that somebody has asked for: selectors name one or two, and pods carry
 * ten, of which some are of one pod alone.
 */
export class LabelIndex {
  readonly #table: Table<Instance>
  readonly #labels = new Set<string>()
  readonly #instances: () => Iterable<Instance>

  constructor(
    tracker: Tracker,
    kinds: readonly string[],
    of: { compare: (a: Instance, b: Instance) => number; instances: () => Iterable<Instance> },
  ) {
    this.#table = new Table(tracker, kinds, of.compare)
    this.#instances = of.instances
  }

  #enter(label: string, instance: Instance): void {
    const value = instance.labels[label]
    if (value !== undefined) this.#table.add(`${instance.namespace}/${label}=${value}`, instance)
  }

  add(instance: Instance): void {
    for (const label of this.#labels) this.#enter(label, instance)
  }

  remove(instance: Instance): void {
    for (const label of this.#labels) {
      const value = instance.labels[label]
      if (value !== undefined) this.#table.remove(`${instance.namespace}/${label}=${value}`, instance)
    }
  }

  get(key: string): readonly Instance[] | undefined {
    const label = key.slice(key.indexOf("/") + 1, key.indexOf("="))
    if (!this.#labels.has(label)) {
      this.#labels.add(label)
      for (const instance of this.#instances()) this.#enter(label, instance)
    }
    return this.#table.get(key)
  }
}
