import ts from "typescript"

/** What the API tells of each rule (GET /findings), and the engine in the browser need not carry: a seventh of its size. */
const texts = new Set(["title", "effect", "remedy", "source"])

const isRule = (node: ts.Node): node is ts.CallExpression =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "rule"

/** The source of a module without the texts of its rules: each is empty. */
export function withoutRuleTexts(source: string): string {
  if (!source.includes("rule({")) return source
  const file = ts.createSourceFile("rules.ts", source, ts.ScriptTarget.Latest, true)
  const cuts: [from: number, to: number, put: string][] = []
  const visit = (node: ts.Node): void => {
    const [definition] = isRule(node) ? node.arguments : []
    if (definition !== undefined && ts.isObjectLiteralExpression(definition))
      for (const property of definition.properties)
        if (
          ts.isPropertyAssignment(property) &&
          ts.isIdentifier(property.name) &&
          texts.has(property.name.text)
        )
          cuts.push([property.initializer.getStart(file), property.initializer.getEnd(), '""'])
        else if (ts.isShorthandPropertyAssignment(property) && texts.has(property.name.text))
          cuts.push([property.getStart(file), property.getEnd(), `${property.name.text}: ""`])
    ts.forEachChild(node, visit)
  }
  visit(file)
  return cuts.reduceRight((text, [from, to, put]) => `${text.slice(0, from)}${put}${text.slice(to)}`, source)
}

/** For Vite: of the rules only, before anything else is done to them. */
export const ruleTextsPlugin = () => ({
  name: "without-rule-texts",
  enforce: "pre" as const,
  transform: (source: string, id: string): string | undefined =>
    /shared\/src\/validation\/family\/.*\.ts$/.test(id) ? withoutRuleTexts(source) : undefined,
})
