const indented = (text: string): string =>
  text
    .trim()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n")

/** YAML of one object of the namespace `shop`, for examples: its spec, and what else its metadata says. */
export const yamlOf =
  (apiVersion: string, kind: string) =>
  (spec: string, metadata = ""): string =>
    [
      `apiVersion: ${apiVersion}`,
      `kind: ${kind}`,
      "metadata:",
      "  name: example",
      "  namespace: shop",
      ...(metadata === "" ? [] : [indented(metadata)]),
      "spec:",
      indented(spec),
      "",
    ].join("\n")
