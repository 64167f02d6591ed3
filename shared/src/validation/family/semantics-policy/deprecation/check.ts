import { record, text } from "../../../../topology/fact/read.ts"
import { refOf } from "../../../../kube/object.ts"
import { check } from "../../../check.ts"
import { at } from "../../../path.ts"
import { rule } from "../../../rule.ts"
import { amount, items, section } from "../read.ts"

const delayPercent = rule({
  code: "virtualservice.fault_percent_deprecated",
  aliases: ["IST0002"],
  level: "warning",
  title: "Fault uses percent, in whose place percentage came",
  effect: "The field works, but knows whole percents only, and a coming version of Istio may drop it",
  remedy: "Use percentage.value",
  source:
    "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPFaultInjection-Delay",
})

const removedKind = rule({
  code: "crd.kind_removed",
  aliases: ["IST0002"],
  level: "warning",
  title: "Definition of a kind that Istio no longer has",
  effect: "Nothing reads objects of the kind; RBAC of the first version does not protect anything any more",
  remedy: "Write AuthorizationPolicies instead, and delete the definition",
  source: "https://istio.io/latest/docs/reference/config/security/authorization-policy/",
})

/** Source: istio analyzer deprecation.DeprecationAnalyzer. */
export const faultCheck = check({
  name: "virtualservice/deprecated-fields",
  subject: "VirtualService.networking.istio.io",
  reads: [],
  rules: [delayPercent],
  run: (object, _view, report) => {
    const routes = items(record(object["spec"])["http"])
    for (let i = 0; i < routes.length; i++) {
      const fault = section(record(routes[i])["fault"])
      const delay = fault === undefined ? undefined : section(fault["delay"])
      if (delay === undefined || amount(delay["percent"]) <= 0) continue
      const percent = amount(delay["percent"])
      const pointer = `/spec/http/${i}/fault/delay`
      report(delayPercent, {
        path: `${at("spec.http", i)}.fault.delay.percent`,
        message: `percent ${percent} of the delay is deprecated; percentage.value ${percent} says the same`,
        fix: {
          title: "Use percentage",
          edits: [
            {
              object: refOf(object),
              patch: [
                { op: "remove", path: `${pointer}/percent` },
                ...(delay["percentage"] === undefined
                  ? [{ op: "add" as const, path: `${pointer}/percentage`, value: { value: percent } }]
                  : []),
              ],
            },
          ],
        },
      })
    }
  },
})

const removed = new Set(["ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"])

export const removedKindCheck = check({
  name: "crd/removed-kinds",
  subject: "CustomResourceDefinition.apiextensions.k8s.io",
  reads: [],
  rules: [removedKind],
  run: (object, _view, report) => {
    const spec = record(object["spec"])
    if (spec["group"] !== "rbac.istio.io") return
    const kind = text(record(spec["names"])["kind"])
    if (removed.has(kind))
      report(removedKind, {
        path: "spec.names.kind",
        message: `Istio has had no ${kind} of rbac.istio.io since 1.6`,
      })
  },
})
