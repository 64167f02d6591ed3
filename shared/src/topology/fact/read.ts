/** Readers of loosely typed JSON: what is not of the wanted shape is absent, so that a strange object never breaks the graph. */

export type Json = Readonly<Record<string, unknown>>

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value)

export const record = (value: unknown): Json => (isRecord(value) ? value : {})

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const text = (value: unknown): string => (typeof value === "string" ? value : "")

export const number = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0

export function strings(value: unknown): string[] {
  const found: string[] = []
  if (Array.isArray(value))
    for (const item of value as unknown[]) if (typeof item === "string") found.push(item)
  return found
}

/** A map of strings; other values are left out. The given map itself when it holds nothing else. */
export function stringMap(value: unknown): Readonly<Record<string, string>> {
  const map = record(value)
  for (const name in map)
    if (typeof map[name] !== "string")
      return Object.fromEntries(
        Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
      )
  return map as Readonly<Record<string, string>>
}
