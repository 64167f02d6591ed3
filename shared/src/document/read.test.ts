import { existsSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { readDocuments } from "./read.ts"

const service = (name: string): string => `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n`

const names = (text: string): string[] =>
  readDocuments(text, "f.yaml").objects.map(({ object }) => object.metadata.name)

const problems = (text: string): [number, string, string][] =>
  readDocuments(text, "f.yaml").problems.map(({ line, level, message }) => [line, level, message])

const value = (spec: string): unknown =>
  readDocuments(`${service("a")}spec: ${spec}`, "f").objects[0]?.object["spec"]

describe("a text of several documents", () => {
  test("gives its objects with their place, whatever stands between them", () => {
    const text = `# head\n---\n${service("a")}---\n---\n# only a comment\n--- # b\n${service("b")}...\n---\n\n`
    const { objects, problems: found, documents } = readDocuments(text, "x.yaml")
    expect(found).toEqual([])
    expect(documents).toBe(2)
    expect(
      objects.map(({ file, document, object, place }) => [
        file,
        document,
        object.metadata.name,
        place("").line,
      ]),
    ).toEqual([
      ["x.yaml", 1, "a", 3],
      ["x.yaml", 2, "b", 11],
    ])
  })

  test("may have Windows' line ends and a byte order mark", () => {
    const text = `\ufeff${service("a")}---\n${service("b")}`.replaceAll("\n", "\r\n")
    const { objects } = readDocuments(text, "x.yaml")
    expect(objects.map(({ object, place }) => [object.metadata.name, place("metadata.name")])).toEqual([
      ["a", expect.objectContaining({ line: 4, column: 9 })],
      ["b", expect.objectContaining({ line: 9, column: 9 })],
    ])
  })

  test("may end without a line end, and be nothing at all", () => {
    expect(names(service("a").trimEnd())).toEqual(["a"])
    for (const text of ["", "\n", "---", "---\n---\n", "# nothing", "null", "--- ~\n", "\ufeff"])
      expect([text, readDocuments(text, "f")]).toEqual([text, { objects: [], problems: [], documents: 0 }])
  })

  test("has directives and documents that begin behind their marker", () => {
    expect(names(`%YAML 1.1\n---\n${service("a")}`)).toEqual(["a"])
    expect(names(`%YAML 1.1\n%TAG !e! tag:e,2000:\n---\n${service("a")}spec: !e!x 1\n`)).toEqual(["a"])
    expect(names(`--- {apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n${service("b")}`)).toEqual([
      "a",
      "b",
    ])
  })
})

describe("JSON", () => {
  const json = JSON.stringify(
    { apiVersion: "v1", kind: "Service", metadata: { name: "a\u00e9\ud83d\ude00/" } },
    null,
    "\t",
  )

  test("is read with its places, tabs and escapes", () => {
    const { objects, problems: found } = readDocuments(json, "f.json")
    expect(found).toEqual([])
    expect(objects[0]?.object).toEqual(JSON.parse(json))
    expect(objects[0]?.place("metadata.name")).toMatchObject({ line: 5, column: 11 })
  })

  test("may follow JSON, as kubectl prints it", () => {
    expect(names(`${json}\n${json}${json}`)).toHaveLength(3)
    expect(names(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"\\ud83d\\ude00"}}`)).toEqual([
      "\u{1f600}",
    ])
  })

  test("that is broken off is told with its line", () => {
    expect(problems(json.slice(0, -3))).toEqual([
      [expect.any(Number), "error", expect.stringContaining("document 1")],
    ])
  })

  test("of any kind is what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, "\t"), (spec, indent) => {
        const object = { apiVersion: "v1", kind: "X", metadata: { name: "x" }, spec }
        const text = JSON.stringify(object, null, indent)
        const [read] = readDocuments(text, "f").objects
        expect(read?.object).toEqual(JSON.parse(text))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe("a list", () => {
  test("is opened, and its items keep their places", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n- kind: Pod\n  apiVersion: v1\n  metadata: {name: b}\n`
    const { objects } = readDocuments(text, "f")
    expect(
      objects.map(({ object, place }) => [object.kind, place("").line, place("metadata.name").line]),
    ).toEqual([
      ["Service", 4, 7],
      ["Pod", 8, 10],
    ])
  })

  test("of one kind tells its items what they are", () => {
    const text = `{"apiVersion":"apps/v1","kind":"DeploymentList","items":[{"metadata":{"name":"a"}}]}`
    expect(readDocuments(text, "f").objects[0]?.object).toMatchObject({
      apiVersion: "apps/v1",
      kind: "Deployment",
    })
  })

  test("with an item that is none keeps the others", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- 7\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n`
    expect(names(text)).toEqual(["b"])
    expect(problems(text)).toEqual([[4, "error", "document 1, item 1, is a number, not an object"]])
  })
})

describe("what cannot be read", () => {
  const cases: [string, string, number, RegExp, RegExp][] = [
    [
      "a template",
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n",
      4,
      /template that was not rendered/,
      /helm template/,
    ],
    [
      "a template's control line",
      `{{- if .Values.on }}\n${service("x")}{{- end }}\n`,
      1,
      /template/,
      /helm template/,
    ],
    ["a template in a name in quotes", service('"{{ .Release.Name }}-a"'), 4, /template/, /helm template/],
    [
      "a template in a route",
      `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: a\nspec:\n  hosts: ["{{ .Values.host }}"]\n`,
      6,
      /template/,
      /helm/,
    ],
    ["a tab", "apiVersion: v1\nkind: Service\nmetadata:\n\tname: a\n", 4, /tab/, /spaces/],
    ["a bracket that stays open", "apiVersion: v1\nkind: [Service\n", 3, /./, /Correct the YAML/],
    ["a value with a colon", "apiVersion: v1\nkind: Service: x\n", 2, /./, /Correct the YAML/],
    [
      "an indentation that fits nothing",
      "apiVersion: v1\nmetadata:\n    name: a\n  namespace: b\n",
      4,
      /./,
      /Correct/,
    ],
    ["a quote that stays open", 'apiVersion: v1\nkind: "Service\n', 3, /quote/i, /Correct/],
    ["an alias of nothing", "apiVersion: v1\nkind: *x\n", 2, /anchor|alias/i, /./],
    ["an alias inside of itself", "a: &x [*x]\n", 1, /\*x names no anchor/, /./],
    ["a key that is a map", "? {a: b}\n: c\n", 1, /key of a map is not a text/, /quotes/],
    ["a key that is nothing", "~: c\n", 1, /key of a map is not a text/, /quotes/],
    ["a number of a wrong tag", "a: !!int x\n", 1, /is no int/, /tag/],
    ["a merge of a text", "a: {<<: x}\n", 1, /wants a map/, /anchor/],
    ["a list", "- a\n", 1, /is a list, not an object/, /apiVersion/],
    ["a text", "hello\n", 1, /is a string, not an object/, /apiVersion/],
    ["values of a chart", "replicas: 3\n", 1, /has no apiVersion/, /apiVersion/],
    ["an object without a kind", "apiVersion: v1\nmetadata: {name: a}\n", 1, /has no kind/, /apiVersion/],
    [
      "an object without a name",
      "apiVersion: v1\nkind: Pod\nmetadata: {}\n",
      3,
      /no metadata.name/,
      /metadata.name/,
    ],
    [
      "a name that is a number",
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: 0123\n",
      4,
      /number, not a text/,
      /name: "83"/,
    ],
    [
      "a namespace that is a boolean",
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: on\n",
      5,
      /boolean/,
      /namespace: "true"/,
    ],
  ]
  test.each(cases)("%s is told with its line, and the others are read", (_, text, line, message, remedy) => {
    const { objects, problems: found } = readDocuments(`${text}---\n${service("other")}`, "f.yaml")
    expect(objects.map(({ object }) => object.metadata.name)).toEqual(["other"])
    expect(found).toEqual([
      {
        file: "f.yaml",
        line,
        column: expect.any(Number),
        level: "error",
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      },
    ])
  })

  test("braces that are no template are text", () => {
    expect(names(`${service("a")}data:\n  x: "{{ $labels.instance }} down"\n  # {{ no }}\n`)).toEqual(["a"])
    expect(problems("# {{ note }}\nkind: [\n")).toEqual([
      [3, "error", expect.not.stringContaining("template")],
    ])
  })

  test("a file of no text is one problem", () => {
    expect(problems("PK\u0003\u0004")).toEqual([
      [1, "error", expect.stringContaining("control character 0x03")],
    ])
  })

  test("depth is limited, in every way of writing", () => {
    for (const deep of [
      "[".repeat(100_000),
      "- ".repeat(5_000),
      `&a ${"[".repeat(3_000)}`,
      "{a: ".repeat(3_000),
    ])
      expect(problems(`${deep}\n---\n${service("a")}`)).toEqual([[1, "error", expect.stringMatching(/./)]])
    const levels = Array.from({ length: 300 }, (_, level) => `${" ".repeat(level)}a:\n`).join("")
    expect(problems(levels)).toEqual([[257, "error", "document 1 is nested more than 256 levels deep"]])
  })

  test("aliases of aliases are counted, not written out", () => {
    const bomb = Array.from({ length: 30 }, (_, level) =>
      level === 0
        ? "a0: &a0 [x, x]"
        : `a${level}: &a${level} [${Array(9)
            .fill(`*a${level - 1}`)
            .join(", ")}]`,
    ).join("\n")
    expect(problems(bomb)).toEqual([
      [expect.any(Number), "error", expect.stringContaining("aliases repeat more than")],
    ])
  })

  test("a Kustomization beside the objects is no error", () => {
    expect(
      problems("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n"),
    ).toEqual([[1, "warning", "document 1 is a Kustomization without a name; it was not validated"]])
  })
})

describe("a value", () => {
  test("is what Kubernetes makes of it", () => {
    expect(value("[1.2.3.4, 001:db8::]")).toEqual(["1.2.3.4", "001:db8::"])
    expect(value("&x [1.2.3.4, 001:db8::]")).toEqual(["1.2.3.4", "001:db8::"])
    expect(value("{a: yes, b: 2001-12-14, c: 0755, on: 1, e: , 80: x}")).toEqual({
      a: true,
      b: "2001-12-14",
      c: 493,
      true: 1,
      e: null,
      "80": "x",
    })
    expect(value("&x {a: yes, b: 2001-12-14, c: 0755, on: 1, e: , 80: x}")).toEqual({
      a: true,
      b: "2001-12-14",
      c: 493,
      true: 1,
      e: null,
      "80": "x",
    })
    expect(value(`!!str 12`)).toBe("12")
    expect(value(`!!float 12`)).toBe(12)
    expect(value(`"a\n  b"`)).toBe("a b")
    expect(value(`a\n  b`)).toBe("a b")
    expect(value(`|-\n  a\n   b\n\n  c\n`)).toBe("a\n b\n\nc")
    expect(value(`>\n  a\n  b\n\n  c\n`)).toBe("a b\nc\n")
  })

  test("is taken over by aliases and merges, in their order", () => {
    expect(
      value("{x: &x {a: 1, b: 2}, w: {<<: *x, b: 3}, z: {b: 3, <<: *x}, l: {<<: [{a: 9}, *x]}}"),
    ).toEqual({
      x: { a: 1, b: 2 },
      w: { a: 1, b: 3 },
      z: { a: 1, b: 2 },
      l: { a: 9, b: 2 },
    })
    expect(value("{a: &a [1], b: *a, c: &a 2, d: *a}")).toEqual({ a: [1], b: [1], c: 2, d: 2 })
  })

  test("of a key that stands twice is the last, with a warning", () => {
    for (const anchor of ["", "&x "]) {
      const text = `${service("a")}spec: ${anchor}\n  b: 1\n  c: 2\n  b: 3\n`
      expect(readDocuments(text, "f").objects[0]?.object["spec"]).toEqual({ b: 3, c: 2 })
      expect(problems(text)).toEqual([[8, "warning", `"b" stands twice in one map; the last one counts`]])
    }
  })

  test("may be named as a property of every object", () => {
    expect(problems(`${service("a")}spec: {constructor: 1, toString: 2, __proto__: {x: 1}}`)).toEqual([])
    expect(JSON.stringify(value("{constructor: 1, __proto__: {x: 1}}"))).toBe(
      `{"constructor":1,"__proto__":{"x":1}}`,
    )
    expect(JSON.stringify(value("&a {constructor: 1, __proto__: {x: 1}}"))).toBe(
      `{"constructor":1,"__proto__":{"x":1}}`,
    )
  })
})

describe("the place of a path", () => {
  const text = `${service("a")}spec:\n  http:\n  - route:\n    - destination: {host: "b", port: {number: 80}}\n    -\n      weight: 5\n  "x.y/z": 1\n  none:\n`
  const places: [string, number, number][] = [
    ["", 1, 1],
    ["spec", 5, 1],
    ["spec.http", 6, 3],
    ["spec.http[0]", 7, 5],
    ["spec.http[0].route[0].destination.host", 8, 27],
    ["spec.http[0].route[0].destination.port.number", 8, 47],
    ["spec.http[0].route[1].weight", 10, 15],
    ['spec["x.y/z"]', 11, 12],
    ["spec.none", 12, 3],
    ["spec.none.deeper[3]", 12, 3],
    ["spec.http[0].match[1].uri", 7, 5],
    ["status.conditions", 1, 1],
  ]
  test.each(places)("%j is line %i, column %i, however it is read", (path, line, column) => {
    for (const anchor of ["", "&anchor"]) {
      const [object] = readDocuments(text.replace("metadata:", `metadata: ${anchor}`), "f").objects
      expect([anchor, object?.place(path)]).toMatchObject([anchor, { line, column }])
    }
  })
})

const fixtures = process.env["SMM_FIXTURES"] ?? join(import.meta.dirname, "../../../../shared/fixtures")
const missing = existsSync(fixtures) ? null : `no ${fixtures}; set SMM_FIXTURES`

describe.skipIf(skipNote("reading of the fixtures", missing))("the fixtures", () => {
  test("are read without an error, but for what is no object", () => {
    const wrong: string[] = []
    for (const entry of readdirSync(fixtures, { recursive: true, withFileTypes: true })) {
      if (!/\.ya?ml$/.test(entry.name)) continue
      const file = join(entry.parentPath, entry.name)
      for (const { line, level, message } of readDocuments(readFileSync(file, "utf8"), file).problems)
        wrong.push(`${file.slice(fixtures.length)}:${line} ${level} ${message}`)
    }
    expect(wrong.filter((each) => !/has no (?:apiVersion|metadata\.name)$/.test(each))).toEqual([])
    expect(wrong.length).toBeLessThan(10)
  })

  test("cut at any place and with any character changed are read or refused, never thrown at", () => {
    const text = readFileSync(join(fixtures, "bookinfo/bookinfo-gateway.yaml"), "utf8")
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.nat(text.length),
        fc.string({ maxLength: 3, unit: "binary" }),
        (cut, at, change) => {
          const broken = text.slice(0, at) + change + text.slice(at + change.length, at + cut)
          for (const { place } of readDocuments(broken, "f").objects) place("spec.http[0].route")
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
