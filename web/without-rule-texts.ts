import ts from "typescript"

/**
 * What the API tells of each rule (GET /findings), and the engine in the browser need not carry: a seventh of its size. Derived values have names for
 * those who read the code.
 */
const texts: Readonly<Record<string, ReadonlySet<string>>> = {
  rule: new Set(["title", "effect", "remedy", "source"]),
  derived: new Set(["name"]),
}

type Cut = readonly [from: number, to: number, put: string]

const calledName = (node: ts.Node): string =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : ""

/** Of a rule or derived value: its fields that are not needed. */
function fieldsOf(node: ts.Node, file: ts.SourceFile): Cut[] {
  const name = calledName(node)
  const unneeded = Object.hasOwn(texts, name) ? texts[name] : undefined
  const [definition] = unneeded !== undefined && ts.isCallExpression(node) ? node.arguments : []
  if (definition === undefined || !ts.isObjectLiteralExpression(definition)) return []
  return definition.properties.flatMap((property): Cut[] => {
    const field = property.name !== undefined && ts.isIdentifier(property.name) ? property.name.text : ""
    if (unneeded?.has(field) !== true) return []
    if (ts.isPropertyAssignment(property))
      return [[property.initializer.getStart(file), property.initializer.getEnd(), '""']]
    return ts.isShorthandPropertyAssignment(property)
      ? [[property.getStart(file), property.getEnd(), `${field}: ""`]]
      : []
  })
}

/** Functions of the module that make rules alike: which of their arguments are texts (`(part, title, remedy) => rule({ ... })`). */
function makersIn(file: ts.SourceFile): Map<string, Set<number>> {
  const makers = new Map<string, Set<number>>()
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!ts.isIdentifier(name) || initializer === undefined || !ts.isArrowFunction(initializer)) continue
      if (calledName(initializer.body) !== "rule") continue
      const places = initializer.parameters.flatMap((parameter, at) =>
        ts.isIdentifier(parameter.name) && texts["rule"]?.has(parameter.name.text) === true ? [at] : [],
      )
      makers.set(name.text, new Set(places))
    }
  }
  return makers
}

/** The source of a module without the texts of its rules: each is empty. */
export function withoutRuleTexts(source: string): string {
  if (!source.includes("rule({") && !source.includes("derived")) return source
  const file = ts.createSourceFile("rules.ts", source, ts.ScriptTarget.Latest, true)
  const makers = makersIn(file)
  const cuts: Cut[] = []
  const visit = (node: ts.Node): void => {
    cuts.push(...fieldsOf(node, file))
    const places = makers.get(calledName(node))
    if (places !== undefined && ts.isCallExpression(node))
      for (const [at, argument] of node.arguments.entries())
        if (places.has(at)) cuts.push([argument.getStart(file), argument.getEnd(), '""'])
    ts.forEachChild(node, visit)
  }
  visit(file)
  let [done, text] = [0, ""]
  for (const [from, to, put] of cuts.sort(([a], [b]) => a - b)) {
    // One within another that is cut already.
    if (from < done) continue
    text += source.slice(done, from) + put
    done = to
  }
  return text + source.slice(done)
}

/** For Vite: of the rules only, before anything else is done to them. */
export const ruleTextsPlugin = () => ({
  name: "without-rule-texts",
  enforce: "pre" as const,
  transform: (source: string, id: string): string | undefined =>
    /shared\/src\/validation\/family\/.*\.ts$/.test(id) ? withoutRuleTexts(source) : undefined,
})
