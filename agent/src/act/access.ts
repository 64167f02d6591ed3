import type { KubeIdentity, Verb } from "#shared/act/policy.ts"
import { verbs } from "#shared/act/policy.ts"
import { type KindSpec, kindOf } from "#shared/kube/kinds.ts"
import type { ObjectRef } from "#shared/kube/object.ts"
import type { AccessLine } from "#shared/protocol/command.ts"
import { record, text } from "#shared/topology/fact/read.ts"
import type { KubeApi } from "../cluster/api.ts"
import { failureOf } from "./failure.ts"
import type { Gate } from "./gate.ts"
import { inParallel } from "./parallel.ts"

export type Access = {
  /** Whether this identity may do it: by the owner's policy first, then by Kubernetes. */
  line(
    verb: Verb,
    ref: ObjectRef,
    options: { as: KubeIdentity | null; signal: AbortSignal },
  ): Promise<AccessLine>
  /** Every verb on every kind that the policy names, in a namespace ("": kinds of the cluster). */
  lines(namespace: string, options: { as: KubeIdentity | null; signal: AbortSignal }): Promise<AccessLine[]>
}

const reviewsAtOnce = 8
const answerMs = 10_000

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40)

/** The line that an admin would run. A group is preferred: people come and go. */
export function grantOf(verb: Verb, spec: KindSpec, namespace: string, as: KubeIdentity): string {
  const [group] = as.groups
  const subject = group === undefined ? `--user=${quoted(as.user)}` : `--group=${quoted(group)}`
  const role = `smm-${verb}-${spec.plural}`
  const binding = `${role}-${slug(group ?? as.user)}`
  const kind = spec.namespaced ? "role" : "clusterrole"
  const where = spec.namespaced ? ` -n ${namespace}` : ""
  return [
    `kubectl create ${kind} ${role} --verb=${verb} --resource=${spec.plural}.${spec.group}${where}`,
    `kubectl create ${kind}binding ${binding} --${kind}=${role} ${subject}${where}`,
  ].join(" && ")
}

export function createAccess({ api, gate }: { api: KubeApi; gate: Pick<Gate, "allows" | "state"> }): Access {
  async function review(
    verb: Verb,
    ref: ObjectRef,
    { as, signal }: { as: KubeIdentity | null; signal: AbortSignal },
  ): Promise<{ allowed: boolean; reason: string }> {
    const { namespace, name } = ref
    const { group = "", plural = "" } = kindOf(ref.kind) ?? {}
    // Nobody creates what has a name already: RBAC knows no names there.
    const resource = {
      verb,
      group,
      resource: plural,
      namespace,
      ...(verb === "create" || name === "" ? {} : { name }),
    }
    const answer = await api.json({
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      method: "POST",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: resource },
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      ...(as === null ? {} : { as }),
    })
    const status = record(record(answer)["status"])
    return { allowed: status["allowed"] === true, reason: text(status["reason"]) }
  }

  const who = (as: KubeIdentity | null): string => (as === null ? "the agent's own account" : as.user)
  const grant = (verb: Verb, ref: ObjectRef, as: KubeIdentity | null): string | null => {
    const spec = kindOf(ref.kind)
    return spec && as ? grantOf(verb, spec, ref.namespace, as) : null
  }

  const line: Access["line"] = async (verb, ref, { as, signal }) => {
    const base = { verb, ...ref }
    const refusal = gate.allows(verb, ref)
    if (refusal) return { ...base, allowed: false, reason: refusal.message, grant: null }
    try {
      const { allowed, reason } = await review(verb, ref, { as, signal })
      if (allowed) return { ...base, allowed, reason, grant: null }
      const words = `Kubernetes does not let ${who(as)} ${verb} ${kindOf(ref.kind)?.plural ?? ref.kind}${ref.namespace === "" ? "" : ` in ${ref.namespace}`}`
      return {
        ...base,
        allowed,
        reason: reason === "" ? words : `${words}: ${reason}`,
        grant: grant(verb, ref, as),
      }
    } catch (error) {
      if (signal.aborted) throw error
      return { ...base, allowed: false, reason: failureOf(error, ref).message, grant: null }
    }
  }

  return {
    line,
    async lines(namespace, options) {
      const refs = gate
        .state()
        .kinds.filter((kind) => kindOf(kind)?.namespaced === (namespace !== ""))
        .flatMap((kind) => verbs.map((verb) => ({ verb, ref: { kind, namespace, name: "" } })))
      const lines = new Map<string, AccessLine>()
      await inParallel(refs, reviewsAtOnce, async ({ verb, ref }) => {
        lines.set(`${ref.kind} ${verb}`, await line(verb, ref, options))
      })
      return refs.flatMap(({ verb, ref }) => lines.get(`${ref.kind} ${verb}`) ?? [])
    },
  }
}
