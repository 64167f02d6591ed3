import { existsSync, readFileSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { service } from "../../istio/fixture.ts"
import { type KubeObject, kindKeyOf, refOf } from "../../kube/object.ts"
import { list, record, strings, text } from "../../topology/fact/read.ts"
import { objectsOf } from "../../validation/testing.ts"
import { RoutingForm } from "../form.ts"
import { worldOf } from "../testing.ts"
import { holderOf, httpRouteKind, specOf, virtualServiceKind } from "./routes.ts"
import { targetOf } from "./target.ts"

const folder = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures")
const missing = existsSync(folder) ? null : `no ${folder}; set SMM_FIXTURES`

const files = (at: string): string[] =>
  readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(at, entry.name))
      : /\.ya?ml$/.test(entry.name)
        ? [join(at, entry.name)]
        : [],
  )

/** Some are broken on purpose. */
function parsed(file: string): KubeObject[] {
  try {
    return objectsOf(readFileSync(file, "utf8"))
  } catch {
    return []
  }
}

type Row = { kind: string; apiVersion: string; spec: unknown; name: string }
const rows = (): KubeObject[] =>
  (JSON.parse(readFileSync(resolve(folder, "istio/validation.json"), "utf8")) as Row[])
    .filter(({ kind }) => kind === "VirtualService")
    .map((row): KubeObject => ({ ...row, metadata: { name: row.name } }))

const kinds: readonly string[] = [virtualServiceKind, httpRouteKind]
const samples =
  missing === null
    ? [...files(folder).flatMap(parsed), ...rows()].filter((object) => kinds.includes(kindKeyOf(object)))
    : []

/** The service that a sample may be about: any will do, its first host or parent is the best. */
const nameIn = (object: KubeObject): string => {
  const spec = specOf(object)
  const written = strings(spec["hosts"])[0] ?? text(record(list(spec["parentRefs"])[0])["name"]) ?? "reviews"
  return /^[a-z][a-z0-9-]*$/.test(written) ? written : "reviews"
}

const withoutPlaces = (form: unknown): unknown =>
  JSON.parse(JSON.stringify(form, (key, value: unknown) => (key === "origin" ? undefined : value)))

describe.skipIf(skipNote("routes of the samples", missing))("every sample", () => {
  test("there are some of both APIs", () => {
    const count = (kind: string): number => samples.filter((object) => kindKeyOf(object) === kind).length
    expect(count(virtualServiceKind)).toBeGreaterThan(100)
    expect(count(httpRouteKind)).toBeGreaterThan(0)
  })

  test.each(
    samples.map((object): [string, KubeObject] => [`${object.kind} ${object.metadata.name}`, object]),
  )("%s stays as it is when its form is written back", (_, object) => {
    const namespace = object.metadata.namespace ?? "default"
    const name = nameIn(object)
    const placed = { ...object, metadata: { ...object.metadata, namespace } }
    const world = worldOf([service(`${namespace}/${name}`), placed])
    const { lens } = holderOf(world, targetOf(world, { namespace, name }), placed)
    const form = lens.read(specOf(placed))
    expect(form, JSON.stringify(refOf(placed))).toBeDefined()
    expect(RoutingForm.parse(form)).toEqual(form)
    const before = JSON.stringify(specOf(placed))
    expect(JSON.stringify(lens.write(specOf(placed), form))).toBe(before)
    // Written on nothing, what the form shows reads the same again.
    const alone = lens.write(specOf({ ...placed, spec: {} }), form)
    expect(withoutPlaces(lens.read(alone))).toEqual(withoutPlaces(form))
  })
})
