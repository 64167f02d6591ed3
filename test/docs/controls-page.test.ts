import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import {
  CircuitBreakerForm,
  ClientTlsForm,
  FaultControlForm,
  LoadBalancingForm,
  Match,
  MirrorForm,
  MtlsForm,
  MtlsScope,
  PolicyScope,
  RoutingForm,
  ShiftForm,
} from "#shared/edit/form.ts"
import { type FormControl, formControls } from "#shared/edit/intent.ts"
import { smmOf } from "#cli/testing.ts"

const root = join(import.meta.dirname, "../..")
const page = readFileSync(join(root, "docs/controls.md"), "utf8")
const script = readFileSync(join(root, "test/e2e/screenshots.mjs"), "utf8")

const forms: Record<FormControl, readonly z.ZodType[]> = {
  routing: [RoutingForm],
  shift: [ShiftForm],
  mirror: [MirrorForm],
  fault: [FaultControlForm],
  "circuit-breaker": [CircuitBreakerForm, PolicyScope],
  "load-balancing": [LoadBalancingForm, PolicyScope],
  "client-tls": [ClientTlsForm, PolicyScope],
  mtls: [MtlsForm, MtlsScope],
}

const sectionOf = (title: string): string =>
  page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ""

/** Names of fields in a schema, at any depth. */
function fieldsIn(value: unknown): string[] {
  if (value === null || typeof value !== "object") return []
  const own = "properties" in value ? Object.keys(value.properties as object) : []
  return [...own, ...Object.values(value).flatMap(fieldsIn)]
}

const matchFields = Object.keys(Match.shape).concat("exact", "prefix", "regex", "present")
const route = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec: { hosts: [reviews], http: [{ route: [{ destination: { host: reviews } }] }] }
`
const commands = [...page.matchAll(/^smm (.*)$/gm)].map(([, line = ""]) => line.split(" "))

describe("docs/controls.md", () => {
  test.each(formControls)("names every field of %s", (control) => {
    const fields = new Set(forms[control].flatMap((form) => fieldsIn(z.toJSONSchema(form))))
    // A match is told of with routing; `origin` is how a form says which rule it has read.
    for (const field of ["origin", ...(control === "routing" ? [] : matchFields)]) fields.delete(field)
    // Rules of routes have mirrors and faults, which are told of with their own controls.
    const titles = control === "routing" ? [control, "mirror", "fault"] : [control]
    const section = titles.map(sectionOf).join("")
    expect([...fields].filter((field) => !new RegExp(`\\b${field}\\b`).test(section))).toEqual([])
  })

  test.each(commands)("shows a line that smm takes: %s %s %s", async (...words) => {
    const isAsked = /^(set|delete|apply|require|allow|unset|undo|virtualservice)$/
    const consent = words.includes("--dry-run") || !words.some((word) => isAsked.test(word)) ? [] : ["--yes"]
    const unreachable = () => Promise.reject(new TypeError("fetch failed"))
    const { code, err } = await smmOf(
      unreachable,
      [...words.map((word) => (word === "change.yaml" ? "-" : word)), ...consent],
      {
        input: route,
      },
    )
    // 5: nothing is wrong with it but that there is no server.
    expect({ code, err }).toMatchObject({ code: 5 })
  })

  test("shows pictures that are made", () => {
    const shown = [...page.matchAll(/screenshots\/([\w-]+)-dark\.png/g)].map(([, name = ""]) => name)
    expect(shown).toHaveLength(formControls.length + 1)
    expect(shown.filter((name) => !script.includes(`"${name}"`))).toEqual([])
  })
})
