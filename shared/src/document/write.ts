import { stringify } from "yaml"

/**
 * A document as YAML that everybody reads as it is meant: Kubernetes reads YAML 1.1, in which `no`, `on` and `1_000` without quotes are no texts. Long lines stay
 * one line, and nothing is said by reference.
 */
export const yamlText = (document: unknown): string =>
  stringify(document, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false })
