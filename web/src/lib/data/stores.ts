import { createContext } from "svelte"
import { createApi } from "./api.ts"
import type { Client } from "#shared/api/client.ts"
import { Changes } from "./changes.svelte.ts"
import { Clock } from "./clock.svelte.ts"
import { Clusters } from "./clusters.svelte.ts"
import { Findings } from "./findings.svelte.ts"
import { Live } from "./live.svelte.ts"
import { Mesh } from "./mesh.svelte.ts"
import { Preferences } from "./preferences.svelte.ts"
import { Rights } from "./rights.svelte.ts"
import { Scope } from "./scope.svelte.ts"
import { Session } from "./session.svelte.ts"
import { Toasts } from "./toasts.svelte.ts"

/** Everything a page knows and does, made once by the layout. */
export type Stores = {
  api: Client
  changes: Changes
  clock: Clock
  clusters: Clusters
  findings: Findings
  live: Live
  mesh: Mesh
  preferences: Preferences
  rights: Rights
  scope: Scope
  session: Session
  /** What was written of an object and is not applied yet, by its key: it goes along from page to page. */
  texts: Map<string, string>
  toasts: Toasts
}

export const [getStores, setStores] = createContext<Stores>()

/** @param now this machine's clock, ms */
export function createStores(now: () => number): Stores {
  const preferences = new Preferences(localStorage)
  const clock = new Clock(now)
  const api = createApi(
    () => preferences.organizationId,
    () => session.ended(),
  )
  const session: Session = new Session(api, preferences)
  const clusters = new Clusters(api, () => clock.exact())
  const mesh = new Mesh(api, clock, clusters)
  return {
    api,
    changes: new Changes(api, () => clock.exact()),
    clock,
    clusters,
    findings: new Findings(api, mesh, () => clock.exact()),
    live: new Live(api, () => clock.exact()),
    mesh,
    preferences,
    rights: new Rights(api, () => clock.exact()),
    scope: new Scope(clusters, mesh),
    session,
    texts: new Map(),
    toasts: new Toasts(),
  }
}
