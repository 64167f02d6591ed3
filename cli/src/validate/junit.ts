import { isAtLeast } from "./options.ts"
import { type Located, type Result, kindName, placeText, refText } from "./result.ts"

/** JUnit's XML, as CI servers read it: a test case for each object, a failure for each finding at or above --fail-on. */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
}

// eslint-disable-next-line no-control-regex -- those that XML 1.0 cannot hold, escaped or not
const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g

const escape = (text: string, signs: RegExp): string =>
  text.replaceAll(forbidden, "?").replaceAll(signs, (sign) => entities[sign] ?? sign)

const inAttribute = /[&<>"\t\n\r]/g
const inText = /[&<>\r]/g

type Attributes = Readonly<Record<string, string | number>>

const open = (name: string, attributes: Attributes): string =>
  `<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escape(String(value), inAttribute)}"`)
    .join("")}`

function element(name: string, attributes: Attributes, children: readonly string[]): string {
  if (children.length === 0) return `${open(name, attributes)}/>`
  return `${open(name, attributes)}>\n${children.join("\n")}\n</${name}>`
}

const textElement = (name: string, attributes: Attributes, text: string): string =>
  `${open(name, attributes)}>${escape(text, inText)}</${name}>`

const linesOf = ({ finding, rule, at }: Located): string =>
  [
    `${finding.level} ${finding.code}: ${finding.message}`,
    `at ${placeText(at)}${finding.path === "" ? "" : ` (${finding.path})`}`,
    rule.effect,
    rule.remedy,
  ]
    .filter((line) => line !== "")
    .join("\n")

const failureOf = (each: Located): string =>
  textElement(
    "failure",
    { type: each.finding.code, message: `${each.finding.code}: ${each.finding.message}` },
    linesOf(each),
  )

const keyOf = (
  cluster: string,
  { kind, namespace, name }: { kind: string; namespace: string; name: string },
) => [cluster, kind, namespace, name].join("\n")

type Case = { element: string; fails: boolean }

/** The object's own case has its first failure; each other one has a case of its own: CI servers show one failure of a case. */
function casesOf(attributes: Attributes, found: readonly Located[], result: Result): Case[] {
  const failing = found.filter(({ finding }) => isAtLeast(finding.level, result.failOn))
  const others = found.filter(({ finding }) => !isAtLeast(finding.level, result.failOn))
  const [first, ...more] = failing
  const children = first === undefined ? [] : [failureOf(first)]
  if (others.length > 0) children.push(textElement("system-out", {}, others.map(linesOf).join("\n\n")))
  return [
    { element: element("testcase", attributes, children), fails: first !== undefined },
    ...more.map((each) => {
      const { code, path } = each.finding
      const name = `${attributes["name"] ?? ""}: ${code} ${path}`.trimEnd()
      return { element: element("testcase", { ...attributes, name }, [failureOf(each)]), fails: true }
    }),
  ]
}

export function junitText(result: Result): string {
  const found = new Map<string, Located[]>()
  for (const each of result.findings) {
    const key = keyOf(each.finding.cluster, each.finding.object)
    const known = found.get(key)
    if (known) known.push(each)
    else found.set(key, [each])
  }
  const cases: Case[] = []
  for (const seen of result.seen) {
    const key = keyOf(seen.cluster, seen)
    const name = refText(seen)
    const attributes = { classname: seen.cluster || "smm validate", name, file: seen.file, time: 0 }
    cases.push(...casesOf(attributes, found.get(key) ?? [], result))
    found.delete(key)
  }
  // Of objects in no file: those of the cluster that a proposal is compared with.
  for (const [key, findings] of found) {
    const [cluster = "", kind = "", namespace = "", name = ""] = key.split("\n")
    const attributes = {
      classname: cluster || "smm validate",
      name: refText({ kind, namespace, name }),
      time: 0,
    }
    cases.push(...casesOf(attributes, findings, result))
  }
  const errors = result.problems
    .filter(({ level }) => level === "error")
    .map(({ file, line, column, message, remedy }) =>
      element("testcase", { classname: "reading", name: `${file}:${line}`, file, time: 0 }, [
        textElement(
          "error",
          { type: "unreadable", message },
          `${file}:${line}:${column}: ${message}\n${remedy}`,
        ),
      ]),
    )
  const skipped = result.notEvaluated.map(({ cluster, kind, reason, codes }) =>
    element(
      "testcase",
      { classname: cluster || "smm validate", name: `not evaluated without ${kindName(kind)}`, time: 0 },
      [element("skipped", { message: `${reason}: ${codes.join(", ")}` }, [])],
    ),
  )
  const counts = {
    name: "smm validate",
    tests: cases.length + errors.length + skipped.length,
    failures: cases.filter(({ fails }) => fails).length,
    errors: errors.length,
    skipped: skipped.length,
    time: (result.elapsedMs / 1_000).toFixed(3),
  }
  const suite = element("testsuite", counts, [...cases.map((each) => each.element), ...errors, ...skipped])
  const { skipped: _, ...totals } = counts
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", totals, [suite])}\n`
}
