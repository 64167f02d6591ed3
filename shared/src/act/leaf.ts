import { record } from "../topology/fact/read.ts"
import type { Path } from "./field-set.ts"

type Fields = Record<string, unknown>

const itemOf = (list: unknown[], keys: Fields): Fields => {
  const known = list.find((item) => Object.entries(keys).every(([key, value]) => record(item)[key] === value))
  if (known !== undefined) return known as Fields
  const item = { ...keys }
  list.push(item)
  return item
}

const keysOf = (step: string): Fields => ({ ...record(JSON.parse(step.slice(2))) })

function childOf(node: Fields | unknown[], step: string, isList: boolean): Fields | unknown[] {
  if (Array.isArray(node)) return itemOf(node, keysOf(step))
  return (node[step.slice(2)] ??= isList ? [] : {}) as Fields | unknown[]
}

function setLast(node: Fields | unknown[], step: string, value: unknown): void {
  if (!Array.isArray(node)) node[step.slice(2)] = structuredClone(value)
  else if (step.startsWith("v:")) node.push(JSON.parse(step.slice(2)))
  else childOf(node, step, false)
}

/** Puts a leaf into a body, making what it lies in. Items of keyed lists are found by their keys. */
export function placeLeaf(body: Fields, path: Path, value: unknown): void {
  let node: Fields | unknown[] = body
  const steps = path.filter((step) => step !== ".")
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1]
    if (next === undefined) return setLast(node, step, value)
    node = childOf(node, step, !next.startsWith("f:"))
  }
}

const isBare = (value: unknown): boolean =>
  value !== null && typeof value === "object" && Object.keys(value).length === 0

/** Takes a leaf out of a body, and with it what it alone lay in. */
export function removeLeaf(body: unknown, path: Path): void {
  const [step, ...rest] = path.filter((part) => part !== ".")
  if (step === undefined || body === null || typeof body !== "object") return
  if (Array.isArray(body)) {
    const keys = step.startsWith("k:") ? keysOf(step) : null
    const at = body.findIndex((item) =>
      keys
        ? Object.entries(keys).every(([key, value]) => record(item)[key] === value)
        : JSON.stringify(item) === step.slice(2),
    )
    if (at < 0) return
    if (rest.length === 0) body.splice(at, 1)
    else removeLeaf(body[at], rest)
    return
  }
  const name = step.slice(2)
  const fields = body as Fields
  if (rest.length > 0) removeLeaf(fields[name], rest)
  if (rest.length === 0 || isBare(fields[name])) Reflect.deleteProperty(fields, name)
}
