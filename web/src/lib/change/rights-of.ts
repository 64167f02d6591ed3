import type { Stores } from "../data/stores.ts"
import { missingIn } from "./missing-right.ts"

/** What the reader may do in a namespace of a cluster, out of the stores. */
export const rightsOf = (
  { clusters, rights, session }: Pick<Stores, "clusters" | "rights" | "session">,
  cluster: string,
  namespace: string,
) => {
  const info = clusters.find(cluster)
  const situation = {
    role: session.info?.role,
    mayWrite: session.can("operator"),
    act: info?.act,
    // Who asks is known there only with an assertion, which a look at rights does not send.
    access: info?.act?.identityProvider ? undefined : rights.of(cluster, namespace)?.access,
  }
  return { missing: (of: Parameters<typeof missingIn>[1]) => missingIn(situation, of) }
}
