import type { ControlQuery } from "#shared/api/change.ts"
import type { MtlsMode } from "#shared/edit/form.ts"

type Mode = MtlsMode
export type Level = "mesh" | "namespace" | "service"

export const modes: readonly { value: Mode; label: string; says: string }[] = [
  {
    value: "STRICT",
    label: "Require",
    says: "Takes only mTLS. Callers without a proxy are refused.",
  },
  {
    value: "PERMISSIVE",
    label: "Allow",
    says: "Takes mTLS and plain text. Callers with a proxy still use mTLS.",
  },
  {
    value: "DISABLE",
    label: "Disable",
    says: "Takes only plain text. Nothing says who calls: rules about principals match nobody.",
  },
  { value: "UNSET", label: "Unset", says: "Says nothing here: what the level above says holds." },
]

export const modeLabel = (mode: Mode): string => modes.find(({ value }) => value === mode)?.label ?? mode

export const levelOf = ({ namespace, service }: ControlQuery): Level =>
  service !== undefined ? "service" : namespace !== undefined ? "namespace" : "mesh"

/** What a level needs of a place to be said. */
export function scopeAt(
  level: Level,
  { namespace, service, port }: { namespace: string; service: string; port: number | undefined },
): ControlQuery {
  if (level === "mesh") return {}
  if (level === "namespace") return { namespace }
  return { namespace, service, ...(port === undefined ? {} : { port }) }
}

/** The level in words: `reviews in bookinfo, port 9080`. */
export function scopeText({ namespace, service, port }: ControlQuery): string {
  if (service === undefined) return namespace === undefined ? "the mesh" : `namespace ${namespace}`
  return `${service} in ${namespace ?? ""}${port === undefined ? "" : `, port ${port}`}`
}
