import { z } from "zod"

const Stored = z.object({
  theme: z.enum(["system", "dark", "light"]).default("system"),
  rail: z.enum(["full", "mini"]).default("full"),
  organizationId: z.string().optional(),
})
export type Theme = z.infer<typeof Stored>["theme"]

const key = "smm.preferences"

function read(storage: Pick<Storage, "getItem">): z.infer<typeof Stored> {
  try {
    return Stored.parse(JSON.parse(storage.getItem(key) ?? "{}"))
  } catch {
    return Stored.parse({})
  }
}

/** What a person chose for this browser. */
export class Preferences {
  #storage: Pick<Storage, "getItem" | "setItem">
  #stored: z.infer<typeof Stored>

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage
    this.#stored = $state(read(storage))
  }

  get theme(): Theme {
    return this.#stored.theme
  }
  set theme(theme: Theme) {
    this.#write({ theme })
  }
  get rail(): "full" | "mini" {
    return this.#stored.rail
  }
  set rail(rail: "full" | "mini") {
    this.#write({ rail })
  }
  get organizationId(): string | undefined {
    return this.#stored.organizationId
  }
  set organizationId(organizationId: string | undefined) {
    this.#write({ organizationId })
  }

  #write(change: Partial<z.infer<typeof Stored>>): void {
    Object.assign(this.#stored, change)
    try {
      this.#storage.setItem(key, JSON.stringify(this.#stored))
    } catch {
      // A browser that keeps nothing still works for this visit.
    }
  }
}
