import type { HttpRule } from "#shared/edit/form.ts"
import { targetOf } from "#shared/edit/line/destination-text.ts"
import { type FormFlag, flag } from "#shared/edit/line/form-flag.ts"
import { usage } from "../../change/flags.ts"
import { UsageError } from "../../exit.ts"

const header = (side: "request" | "response"): FormFlag[] => [
  flag("pair", [`set-${side}-header`, `headers.${side}.set`], `header of the ${side}; repeated`, {
    many: "map",
  }),
  flag("pair", [`add-${side}-header`, `headers.${side}.add`], `one more of that name; repeated`, {
    many: "map",
  }),
  flag("text", [`remove-${side}-header`, `headers.${side}.remove`], `header taken away; repeated`, {
    many: "list",
    value: "name",
  }),
]

/** Flags of one rule of `smm routing set`, but for its match and where it leads. */
export const ruleFlags: readonly FormFlag[] = [
  flag("text", ["name", "name"], "name of the rule"),
  flag("duration", ["timeout", "timeout"], "answer within it, or 504"),
  flag("count", ["retries", "retries.attempts"], "attempts after the first"),
  flag("duration", ["per-try-timeout", "retries.perTryTimeout"], "for each attempt"),
  flag("text", ["retry-on", "retries.retryOn"], "when: 5xx,reset,connect-failure", { value: "conditions" }),
  flag("text", ["rewrite-uri", "rewrite.uri"], "path, or the matched prefix, is replaced", { value: "path" }),
  flag("text", ["rewrite-match", "rewrite.uriRegex.match"], "what of the path is replaced, RE2", {
    value: "regex",
  }),
  flag("text", ["rewrite-to", "rewrite.uriRegex.rewrite"], String.raw`by this, with \1 for a group`),
  flag("text", ["rewrite-authority", "rewrite.authority"], "Host header", { value: "host" }),
  {
    ...flag("text", ["cors-origin", "cors.allowOrigins"], "origin that may ask, exactly; repeated", {
      many: "list",
      value: "origin",
    }),
    read: (text) => ({ exact: text }),
    write: (value) => Object.values(value as Record<string, string>).join(""),
  },
  flag("text", ["cors-method", "cors.allowMethods"], "method; repeated", { many: "list", value: "method" }),
  flag("text", ["cors-header", "cors.allowHeaders"], "header it may send; repeated", {
    many: "list",
    value: "name",
  }),
  flag("text", ["cors-expose-header", "cors.exposeHeaders"], "header it may read; repeated", {
    many: "list",
    value: "name",
  }),
  flag("duration", ["cors-max-age", "cors.maxAge"], "a preflight's answer holds so long"),
  flag("switch", ["cors-credentials", "cors.allowCredentials"], "with cookies"),
  ...header("request"),
  ...header("response"),
]

/** Flags of the other things that a rule may do. */
export const actionFlags: readonly FormFlag[] = [
  flag("text", ["redirect-uri", "redirect.uri"], "answer with a redirect to this path", { value: "path" }),
  flag("text", ["redirect-authority", "redirect.authority"], "to this host", { value: "host" }),
  flag("text", ["redirect-scheme", "redirect.scheme"], "http or https", {
    choices: ["http", "https"],
    value: "scheme",
  }),
  flag("count", ["redirect-port", "redirect.port"], "to this port", { value: "port" }),
  flag("count", ["redirect-code", "redirect.code"], "301 where nothing is said", { value: "status" }),
  flag("count", ["direct-response", "direct.status"], "answer with this status", { value: "status" }),
  flag("text", ["direct-body", "direct.body"], "and this body"),
  flag("text", ["delegate", "delegate"], "leave it to the VirtualService NAMESPACE/NAME", { value: "name" }),
]

type Action = HttpRule["action"]
type Said = { redirect?: object; direct?: object; delegate?: string }

function routeAction(to: readonly string[]): Action {
  const targets = to.map((text) => usage(() => targetOf(text), "--to"))
  const destinations = targets.map(({ destination, share }) => ({
    destination,
    ...(share === undefined ? {} : { weight: share }),
  }))
  if (destinations.length > 1) {
    const open = to.find((_, i) => targets[i]?.share === undefined)
    if (open !== undefined) throw new UsageError(`--to "${open}": say its share, as --to ${open}=50`)
    const sum = targets.reduce((all, { share = 0 }) => all + share, 0)
    if (sum !== 100) throw new UsageError(`the shares of --to sum to ${sum}; they must sum to 100`)
  }
  return { type: "route", destinations }
}

function delegateAction(text: string): Action {
  const [namespace = "", name = "", ...more] = text.split("/")
  if (namespace === "" || name === "" || more.length > 0)
    throw new UsageError(`--delegate "${text}": wants NAMESPACE/NAME`)
  return { type: "delegate", namespace, name }
}

/** Where a rule leads, as the flags say; undefined when they say nothing of it. @throws UsageError for two at once */
export function actionOf(to: readonly string[], { redirect, direct, delegate }: Said): Action | undefined {
  const actions: [string, () => Action][] = [
    ...(to.length > 0 ? [["--to", () => routeAction(to)] as [string, () => Action]] : []),
    ...(redirect
      ? [["--redirect-*", () => ({ type: "redirect", ...redirect })] as [string, () => Action]]
      : []),
    ...(direct
      ? [["--direct-response", () => ({ type: "direct", ...direct }) as Action] as [string, () => Action]]
      : []),
    ...(delegate === undefined
      ? []
      : [["--delegate", () => delegateAction(delegate)] as [string, () => Action]]),
  ]
  if (actions.length > 1)
    throw new UsageError(`a rule leads one way: ${actions.map(([name]) => name).join(" or ")}, not both`)
  return actions[0]?.[1]()
}
