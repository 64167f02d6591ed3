/**
 * What an unquoted scalar of YAML means to Kubernetes, which reads YAML 1.1 through sigs.k8s.io/yaml: `yes`, `on` and `y` are booleans, `0755` is octal,
 * `1_000` a number; a date stays text, and so does 1:30. Source: go.yaml.in/yaml/v2 resolve.go, and YAMLToJSON for keys.
 */

const words = new Map<string, boolean | null>([
  ["~", null],
  ...["null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map(
    (word) => [word, true] as const,
  ),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map(
    (word) => [word, false] as const,
  ),
])
const longestWord = 5

/** Numbers that JSON has no form for. */
const endless = new Map<string, number>([
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Infinity] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, -Infinity] as const),
])

const isText = 0
const mayBeWord = 1
const mayBeNumber = 2

/** What an unquoted scalar may be, by its first character. */
const hints = new Uint8Array(128)
for (const letter of "yYnNtTfFoO~") hints[letter.charCodeAt(0)] = mayBeWord
for (const letter of "0123456789+-.") hints[letter.charCodeAt(0)] = mayBeNumber

const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const allDigits = /^[1-9][0-9]{0,14}$/

const leastInteger = -(2n ** 63n)
const pastUnsigned = 2n ** 64n

/** An integer as Go reads it with base 0; undefined when it is none, or has more than 64 bits. */
function integerOf(text: string): number | undefined {
  const found = integer.exec(text)
  if (!found) return undefined
  const [, sign = "", hex, binary, octal, digits] = found
  const size = BigInt(
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : (digits ?? "0"),
  )
  const value = sign === "-" ? -size : size
  const past = sign === "" ? pastUnsigned : pastUnsigned / 2n
  return value < leastInteger || value >= past ? undefined : Number(value)
}

/** Behind a leading dot they stand only between digits. */
function withoutUnderscores(text: string): string {
  if (!text.includes("_") || (text.startsWith(".") && /\D_|_\D|_$/.test(text))) return text
  return text.replaceAll("_", "")
}

function numberOf(text: string): unknown {
  if (allDigits.test(text)) return Number(text)
  const special = endless.get(text)
  if (special !== undefined) return special
  const digits = withoutUnderscores(text)
  const whole = integerOf(digits)
  if (whole !== undefined) return whole
  if (!decimal.test(digits)) return text
  const value = Number(digits)
  return Number.isFinite(value) ? value : text
}

/** The value of an unquoted scalar. */
export function plainValue(text: string): unknown {
  if (text === "") return null
  const hint = hints[text.charCodeAt(0)] ?? isText
  if (hint === isText) return text
  if (hint === mayBeNumber) return numberOf(text)
  if (text.length > longestWord) return text
  const value = words.get(text)
  return value === undefined ? text : value
}

/** From this power of ten on Go writes an exponent. */
const mostPlain = 6

/** A float as a key: the shortest text that is the same 32-bit float, as Go's FormatFloat(v, 'g', -1, 32). */
function floatText(value: number): string {
  const single = Math.fround(value)
  if (!Number.isFinite(single)) return Number.isNaN(single) ? ".nan" : single > 0 ? ".inf" : "-.inf"
  for (let digits = 1; digits <= 9; digits++) {
    const [mantissa = "", exponent = "0"] = single.toExponential(digits - 1).split("e")
    if (Math.fround(Number(`${mantissa}e${exponent}`)) !== single && digits < 9) continue
    const power = Number(exponent)
    if (power >= -4 && power < mostPlain) return String(Number(`${mantissa}e${exponent}`))
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`
  }
  return String(single)
}

/** An unquoted key as the text that JSON has for it; undefined for null, which is no key. */
export function plainKey(text: string): string | undefined {
  const value = plainValue(text)
  if (typeof value === "string") return value
  if (value === null) return undefined
  if (typeof value === "boolean") return String(value)
  const whole = integerOf(withoutUnderscores(text))
  return whole === undefined ? floatText(Number(value)) : String(BigInt(whole))
}
