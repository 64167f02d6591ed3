import { type KubeObject, refOf } from "../../../kube/object.ts"
import { record, stringMap, text } from "../../../topology/fact/read.ts"
import { check, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { workloadGroupKind } from "./kinds.ts"
import { labelsText, similar, wholes } from "./words.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/workload-group/"

export const accountMissing = rule({
  code: "workloadgroup.service_account_missing",
  aliases: ["KIA1701"],
  level: "warning",
  title: "WorkloadGroup names a service account that is not there",
  effect: "Machines of the group get no identity, and so do not join the mesh",
  remedy: "Create the service account, or correct the name",
  source,
})
export const labelsDuplicate = rule({
  code: "workloadgroup.labels_duplicate",
  aliases: ["KIA1702"],
  level: "warning",
  title: "Several WorkloadGroups give their machines the same labels",
  effect: "Services and policies cannot tell the machines of the groups apart",
  remedy: "Give each group a label of its own, or join them",
  source,
})

export const workloadGroupAccount = check({
  name: "workloadgroup/account",
  subject: workloadGroupKind,
  reads: ["ServiceAccount"],
  needs: ["ServiceAccount"],
  rules: [accountMissing],
  run: (object, view, report) => {
    const account = text(record(record(object["spec"])["template"])["serviceAccount"])
    const namespace = object.metadata.namespace ?? ""
    if (account === "" || account === "default") return
    if (view.get("ServiceAccount", namespace, account)) return
    const names = similar(
      account,
      view.inNamespace("ServiceAccount", namespace).map(({ metadata }) => metadata.name),
    )
    report(accountMissing, {
      path: "spec.template.serviceAccount",
      message: `namespace ${namespace} has no service account ${account}${names.length > 0 ? `; there is ${names.join(", ")}` : ""}`,
    })
  },
})

const labelsOf = (object: KubeObject): Record<string, string> =>
  stringMap(record(record(object["spec"])["metadata"])["labels"])

const textOf = (object: KubeObject): string =>
  Object.entries(labelsOf(object))
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join()

/** WorkloadGroups of a namespace by all the labels that they give. */
const groupsByLabels = index({
  name: "workload-groups-by-labels",
  kind: workloadGroupKind,
  keysOf: (object) => [`${object.metadata.namespace ?? ""}/${textOf(object)}`],
})

export const workloadGroupLabels = check({
  name: "workloadgroup/labels",
  subject: workloadGroupKind,
  reads: [workloadGroupKind],
  rules: [labelsDuplicate],
  run: (object, view, report) => {
    const own = textOf(object)
    if (own === "") return
    const all = view.find(groupsByLabels, `${object.metadata.namespace ?? ""}/${own}`)
    if (all.length < 2) return
    const others = all.filter((other) => other !== object)
    const [first] = others
    if (first === undefined) return
    report(labelsDuplicate, {
      path: "spec.metadata.labels",
      message: `${first.metadata.name} has the labels ${labelsText(labelsOf(object))} too`,
      references: wholes(others.map(refOf)),
    })
  },
})
