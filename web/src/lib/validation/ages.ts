import type { FindingItem } from "#shared/api/validation.ts"
import { keyOf } from "./finding-place.ts"

/**
 * Since when findings are known. One over several clusters is found by the server at each question, and has no time of its own: it is known since this
 * page first saw it, unless it was there when the page was opened.
 */
export class Ages {
  #seen = new Map<string, number | null>()
  #opened = false

  /** @param at when these were read, ms */
  note(findings: readonly FindingItem[], at: number): void {
    for (const finding of findings) {
      const key = keyOf(finding)
      if (finding.since === null && !this.#seen.has(key)) this.#seen.set(key, this.#opened ? at : null)
    }
    this.#opened = true
  }

  of(finding: FindingItem): number | null {
    return finding.since ?? this.#seen.get(keyOf(finding)) ?? null
  }
}
