import { spawn } from "node:child_process"
import type { Plane } from "#test/real/kube/plane.ts"

/** Runs kubectl against a plane. @throws Error with its words when it fails */
export function kubectl(plane: Plane, args: readonly string[], input = ""): Promise<string> {
  const child = spawn(plane.kubectl ?? "kubectl", ["--kubeconfig", plane.kubeconfig, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  const out: string[] = []
  const err: string[] = []
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk.toString()))
  child.stdin.on("error", () => undefined)
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => {
      if (code === 0) resolve(out.join(""))
      else reject(new Error(`kubectl ${args.join(" ")} ended with ${String(code)}: ${err.join("")}`))
    })
  })
}

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }
type Document = { kind: string; metadata: { name: string }; rules?: Rule[] }

/** What the roles of a manifest let a service account ask for. */
export const rulesOf = (documents: readonly unknown[]): Rule[] =>
  (documents as Document[])
    .filter(({ kind }) => kind === "ClusterRole" || kind === "Role")
    .flatMap(({ rules }) => rules ?? [])

export type AuditEvent = {
  user: { username: string }
  verb: string
  requestURI: string
  objectRef?: { apiGroup?: string; resource: string; subresource?: string; name?: string }
  responseStatus?: { code?: number }
}

/** Whether one of the rules says this very thing. */
export const isGiven = (rules: readonly Rule[], { verb, objectRef }: AuditEvent): boolean =>
  objectRef !== undefined &&
  objectRef.subresource === undefined &&
  rules.some(
    (rule) =>
      rule.apiGroups.includes(objectRef.apiGroup ?? "") &&
      rule.resources.includes(objectRef.resource) &&
      rule.verbs.includes(verb) &&
      (rule.resourceNames === undefined || rule.resourceNames.includes(objectRef.name ?? "")),
  )
