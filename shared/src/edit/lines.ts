import type { ChangeRequestInput } from "../api/change.ts"
import { kindOf } from "../kube/kinds.ts"
import type { KubeObject, ObjectRef } from "../kube/object.ts"
import type { Conflicts } from "../protocol/command.ts"
import type { PatchOperation } from "./edit.ts"
import type { Guard } from "./guard.ts"
import type { Intent } from "./intent.ts"
import { guardText } from "./line/guard-text.ts"
import { yamlText } from "../document/write.ts"
import { intentLine } from "./line/intent-line.ts"
import { withDocument, word } from "./line/shell.ts"
import { spanText } from "./line/span.ts"
import { plainObject } from "./plain.ts"

/** The lines that do in a terminal what a form does: for a POSIX shell, quoted so that no name or value is read as anything else. */

const joined = (words: readonly string[]): string => words.map(word).join(" ")

export type LineRequest = {
  intent: Intent
  clusterNames: readonly string[]
  guard: Guard | null
  expiresInMs: number | null
  conflicts: Conflicts
}

/** `smm shift set bookinfo/reviews v1=80 v3=20 --cluster prod --yes`. Our own CLI reads the same request out of it. */
export function smmLine({ intent, clusterNames, guard, expiresInMs, conflicts }: LineRequest): string {
  const { words, document } = intentLine(intent)
  const line = joined([
    ...["smm", ...words],
    ...clusterNames.flatMap((name) => ["--cluster", name]),
    ...(guard ? ["--undo-if", guardText(guard)] : []),
    ...(expiresInMs === null ? [] : ["--expires", spanText(expiresInMs)]),
    ...(conflicts === "take-over" ? ["--take-over"] : []),
    ...(conflicts === "drop" ? ["--drop-conflicts"] : []),
    "--yes",
  ])
  return document === null ? line : withDocument(line, document)
}

/** What `kubectlLines` reads of a step (steps.ts). */
export type KubectlStep = {
  object: ObjectRef
  patch: readonly PatchOperation[] | null
  create: KubeObject | null
  settleMs?: number
  /** Said above the first step of each cluster: a cluster's context in kubectl has a name that only its user knows. */
  clusterName?: string
}

/** `virtualservices.networking.istio.io` */
function resourceOf(key: string): string {
  const kind = kindOf(key)
  if (!kind) return key
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`
}

function kubectlLine({ object: { kind, namespace, name }, patch, create }: KubectlStep): string {
  if (create) return withDocument("kubectl apply --server-side -f -", yamlText(plainObject(create)))
  const at = [resourceOf(kind), name, ...(namespace === "" ? [] : ["-n", namespace])]
  if (!patch) return joined(["kubectl", "delete", ...at])
  return joined(["kubectl", "patch", ...at, "--type", "json", "-p", JSON.stringify(patch)])
}

/** The same writes with kubectl, one after the other: new objects, patches (RFC 6902), removals. */
export function kubectlLines(steps: readonly KubectlStep[]): string {
  const lines: string[] = []
  let cluster: string | undefined
  for (const step of steps) {
    if (step.clusterName !== undefined && step.clusterName !== cluster)
      lines.push(`# in cluster ${step.clusterName.replaceAll(/\p{Cc}/gu, "?")}`)
    cluster = step.clusterName ?? cluster
    if (step.settleMs) lines.push(`sleep ${step.settleMs / 1_000} # until proxies have it`)
    lines.push(kubectlLine(step))
  }
  return lines.join("\n")
}

/** What a caller left at its default is not said; an assertion is a secret, and a digest is good for one preview only. */
const said = ({
  intent,
  clusters,
  conflicts,
  guard,
  expiresInMs,
  queueUntil,
}: ChangeRequestInput): object => ({
  intent,
  ...(clusters && clusters.length > 0 ? { clusters } : {}),
  ...(conflicts === undefined || conflicts === "ask" ? {} : { conflicts }),
  ...(guard ? { guard } : {}),
  ...(typeof expiresInMs === "number" ? { expiresInMs } : {}),
  ...(typeof queueUntil === "number" ? { queueUntil } : {}),
})

/** The same as a request to the API; the token is the reader's own (`$SMM_TOKEN`). */
export function curlLine(server: string, request: ChangeRequestInput): string {
  const url = word(`${server.replace(/\/$/, "")}/api/v1/changes`)
  return withDocument(
    `curl -fsS ${url} -H "Authorization: Bearer $SMM_TOKEN" -H 'Content-Type: application/json' --data-binary @-`,
    JSON.stringify(said(request), null, 2),
  )
}
