import type { PatchOperation } from "../../../edit/edit.ts"
import { at as pathTo, pointerOf } from "../../path.ts"
import type { Rule } from "../../rule.ts"
import { placeOf } from "./place.ts"
import * as rules from "./rules.ts"
import type {
  Constraint,
  ListSchema,
  MapSchema,
  NumberSchema,
  ObjectSchema,
  Schema,
  TextSchema,
} from "./schema.ts"
import { closest, converted, shown, spelled, typeNames } from "./words.ts"

/** What is wrong at one place of an object, whatever else there is in the mesh. */
export type Problem = {
  rule: Rule
  path: string
  message: string
  /** The edit that mends it, where only one can be meant. */
  fix: { title: string; patch: readonly PatchOperation[] } | null
}

type Value = Readonly<Record<string, unknown>>

const isValue = (value: unknown): value is Value =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether it is one of the many texts of which nothing is asked: looked at first, as they need no step. */
const isPlain = (schema: Schema, value: unknown): boolean =>
  schema.type === "text" && schema.plain && typeof value === "string"

/** One pass over one object. Where it stands is kept as steps; paths and texts are made when something is wrong. */
class Walk {
  readonly problems: Problem[] = []
  readonly steps: (string | number)[] = []
  private readonly root: Schema

  constructor(root: Schema) {
    this.root = root
  }

  report(rule: Rule, message: string, steps: readonly (string | number)[] = [], value?: unknown): void {
    const path = pathTo("", ...this.steps, ...steps)
    const fix =
      value === undefined
        ? null
        : {
            title: `Write ${JSON.stringify(value)}`,
            patch: [{ op: "replace", path: pointerOf(path), value }] satisfies PatchOperation[],
          }
    this.problems.push({ rule, path, message, fix })
  }

  visit(schema: Schema, value: unknown): void {
    switch (schema.type) {
      case "text":
        if (typeof value !== "string") this.wrongType(schema, value)
        else if (!schema.plain) this.text(schema, value)
        return
      case "object":
        if (isValue(value)) this.object(schema, value)
        else this.wrongType(schema, value)
        return
      case "list":
        if (!Array.isArray(value)) this.wrongType(schema, value)
        else this.list(schema, value)
        return
      case "map":
        if (isValue(value)) this.map(schema, value)
        else this.wrongType(schema, value)
        return
      case "number":
        if (typeof value !== "number") this.wrongType(schema, value)
        else this.number(schema, value)
        return
      case "boolean":
        if (typeof value !== "boolean") this.wrongType(schema, value)
        return
      case "any":
    }
  }

  /** The API server takes a field that is null as one that is not there. */
  private object(schema: ObjectSchema, value: Value): void {
    const before = this.problems.length
    for (const key in value) {
      const field = schema.fields.get(key)
      const child = value[key]
      if (field === undefined) this.unknownField(schema, value, key)
      else if (child !== null && child !== undefined && !isPlain(field, child)) {
        this.steps.push(key)
        this.visit(field, child)
        this.steps.pop()
      }
    }
    for (const key of schema.required)
      if (value[key] === null || value[key] === undefined)
        this.report(rules.missingField, `${key} is missing${this.owner()}`, [key])
    for (const group of schema.exclusive) this.exclusive(group, value)
    if (schema.rules.length > 0 && this.problems.length === before) this.constraints(schema.rules, value)
  }

  /** The object at hand, for a sentence. */
  private owner(word = "in"): string {
    return this.steps.length === 0 ? "" : ` ${word} ${this.here()}`
  }

  private constraints<T>(conditions: readonly Constraint<T>[], value: T): void {
    for (const constraint of conditions)
      constraint(value, (message, ...steps) => {
        this.report(rules.constraint, message, steps)
      })
  }

  private unknownField(schema: ObjectSchema, value: Value, key: string): void {
    const same = spelled(key, schema.fields.keys())
    const hint = same === null ? this.hint(schema, key) : `; did you mean ${same}?`
    const target = same === null ? undefined : schema.fields.get(same)
    const path = pathTo("", ...this.steps, key)
    const certain =
      same !== null && target !== undefined && value[same] === undefined && fits(target, value[key])
    this.problems.push({
      rule: rules.unknownField,
      path,
      message: `${key} is no field${this.owner("of")}${hint}`,
      fix: certain
        ? {
            title: `Name the field ${same}`,
            patch: [
              { op: "remove", path: pointerOf(path) },
              { op: "add", path: pointerOf(pathTo("", ...this.steps, same)), value: value[key] },
            ],
          }
        : null,
    })
  }

  private hint(schema: ObjectSchema, key: string): string {
    const place = placeOf(this.root, this.steps, schema, key)
    if (place !== null) return `; it belongs in ${place}`
    const near = closest(key, schema.fields.keys())
    return near === null ? "" : `; did you mean ${near}?`
  }

  private exclusive(group: readonly string[], value: Value): void {
    let set = 0
    for (const key of group) if (value[key] !== undefined && value[key] !== null) set++
    if (set < 2) return
    const found = group.filter((key) => value[key] !== undefined && value[key] !== null)
    this.report(
      rules.exclusive,
      `${found.join(" and ")} stand together${this.owner()}; at most one of ${group.join(", ")} may`,
      found.slice(0, 1),
    )
  }

  private list(schema: ListSchema, value: readonly unknown[]): void {
    const before = this.problems.length
    if (value.length < schema.min)
      this.report(
        rules.limit,
        `${this.here()} has ${value.length === 0 ? "no items" : items(value.length)}; at least ${schema.min} must be there`,
      )
    else if (value.length > schema.max)
      this.report(
        rules.limit,
        `${this.here()} has ${items(value.length)}; at most ${schema.max} may be there`,
      )
    for (let index = 0; index < value.length; index++) {
      if (isPlain(schema.items, value[index])) continue
      this.steps.push(index)
      this.visit(schema.items, value[index])
      this.steps.pop()
    }
    if (schema.keys !== null && value.length > 1) this.duplicates(schema.keys, value)
    if (schema.rules.length > 0 && this.problems.length === before) this.constraints(schema.rules, value)
  }

  /** Items without a key are wrong already, and are left out. */
  private duplicates(keys: readonly string[], value: readonly unknown[]): void {
    const seen = new Map<string, number>()
    for (const [index, item] of value.entries()) {
      if (keys.some((key) => !isValue(item) || item[key] === undefined || item[key] === null)) continue
      const parts = keys.length === 0 ? [item] : keys.map((key) => (item as Value)[key])
      const identity = JSON.stringify(parts)
      const first = seen.get(identity)
      if (first === undefined) seen.set(identity, index)
      else
        this.report(
          rules.duplicate,
          `${this.here()} holds ${keys.join(", ")} ${parts.map(shown).join(", ")} twice, first in item ${first}`.replaceAll(
            "  ",
            " ",
          ),
          [index],
        )
    }
  }

  private map(schema: MapSchema, value: Value): void {
    const before = this.problems.length
    let count = 0
    for (const key in value) {
      const child = value[key]
      if (child === null || child === undefined) continue
      count++
      if (isPlain(schema.values, child)) continue
      this.steps.push(key)
      this.visit(schema.values, child)
      this.steps.pop()
    }
    if (count > schema.max)
      this.report(rules.limit, `${this.here()} has ${count} entries; at most ${schema.max} may be there`)
    else if (count < schema.min)
      this.report(rules.limit, `${this.here()} is empty; at least ${schema.min} entry must be there`)
    if (schema.rules.length > 0 && this.problems.length === before) this.constraints(schema.rules, value)
  }

  private text(schema: TextSchema, value: string): void {
    if (schema.values !== null && !schema.values.includes(value)) {
      this.wrongChoice(schema.values, value)
      return
    }
    if (value.length < schema.min) {
      this.report(rules.limit, `${this.here()} is empty; it must not be`)
      return
    }
    // Limits count characters, a text's length its UTF-16 units: never fewer.
    if (value.length > schema.max) {
      const length = [...value].length
      if (length > schema.max) {
        this.report(rules.limit, `${this.here()} is ${length} characters long; at most ${schema.max} may be`)
        return
      }
    }
    if (schema.form !== null && !schema.form.pattern.test(value)) {
      this.report(rules.pattern, `${shown(value)} is not ${schema.form.says}`)
      return
    }
    if (schema.rules.length > 0) this.constraints(schema.rules, value)
  }

  private wrongChoice(values: readonly string[], value: string): void {
    const same = spelled(value, values)
    const near = same ?? closest(value, values)
    this.report(
      rules.value,
      `${shown(value)} is not allowed for ${this.here()}; it is one of ${values.filter((one) => one !== "").join(", ")}${near === null ? "" : ` (did you mean ${near}?)`}`,
      [],
      same ?? undefined,
    )
  }

  private number(schema: NumberSchema, value: number): void {
    if (schema.whole && !Number.isInteger(value))
      this.report(rules.type, `${this.here()} must be a whole number, not ${value}`)
    else if (value < schema.min || value > schema.max || Number.isNaN(value))
      this.report(rules.range, `${this.here()} is ${value}; ${between(schema)}`)
    else if (schema.values !== null && !schema.values.includes(value))
      this.report(
        rules.value,
        `${value} is not allowed for ${this.here()}; it is one of ${schema.values.join(", ")}`,
      )
  }

  /** Where the walk stands, for a sentence: the last field, and the item of it. */
  private here(): string {
    const last = this.steps.at(-1)
    if (typeof last === "string") return last
    const field = this.steps.findLast((step) => typeof step === "string")
    return field === undefined ? "the object" : `an item of ${field}`
  }

  private wrongType(schema: Schema, value: unknown): void {
    const better = converted(schema, value)
    this.report(
      rules.type,
      `${this.here()} must be ${typeNames[schema.type]}, not ${shown(value)}`,
      [],
      better !== undefined && fits(schema, better) ? better : undefined,
    )
  }
}

const items = (count: number): string => (count === 1 ? "1 item" : `${count} items`)

const between = ({ min, max }: NumberSchema): string =>
  min === -Infinity && max === Infinity
    ? "it must be a number"
    : max === Infinity
      ? `at least ${min} is allowed`
      : `${min} to ${max} is allowed`

const fits = (schema: Schema, value: unknown): boolean => problemsOf(schema, value).length === 0

/** Everything in which a value is not as its schema says, in the order of its fields. Takes any value; throws on none. */
export function problemsOf(schema: Schema, value: unknown): readonly Problem[] {
  const walk = new Walk(schema)
  walk.visit(schema, value)
  return walk.problems
}
