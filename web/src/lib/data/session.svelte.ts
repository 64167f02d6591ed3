import type { Client } from "#shared/api/client.ts"
import { type Role, type Session as SessionInfo, hasRole } from "#shared/api/session.ts"
import { codeOf } from "./api.ts"
import type { Preferences } from "./preferences.svelte.ts"

/** Who is signed in, and in which organization. */
export class Session {
  #api: Client
  #preferences: Preferences
  state = $state<"loading" | "in" | "out" | "failed">("loading")
  info = $state.raw<SessionInfo>()
  error = $state.raw<unknown>()

  constructor(api: Client, preferences: Preferences) {
    this.#api = api
    this.#preferences = preferences
  }

  async load(): Promise<void> {
    try {
      this.#take(await this.#api.call("getSession"))
    } catch (error) {
      if (this.#preferences.organizationId !== undefined && codeOf(error) === "organization.not_found") {
        this.#preferences.organizationId = undefined
        return this.load()
      }
      if (this.state !== "out") this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.state = codeOf(error).startsWith("auth.") ? "out" : "failed"
    this.error = error
  }

  #take(info: SessionInfo): void {
    this.info = info
    this.state = "in"
    this.error = undefined
  }

  /** @throws AppError when the code is not known, used or too old */
  async signIn(code: string): Promise<void> {
    this.#take(await this.#api.call("createSession", { body: { code } }))
  }

  async signOut(): Promise<void> {
    await this.#api.call("removeSession")
    this.ended()
  }

  /** The server says that this session is over. */
  ended(): void {
    this.info = undefined
    this.state = "out"
  }

  can(role: Role): boolean {
    return this.info !== undefined && hasRole(this.info.role, role)
  }
}
