import type { ControlQuery } from "#shared/api/change.ts"
import { type FormControl, formControls } from "#shared/edit/intent.ts"
import type { ObjectRef } from "#shared/kube/object.ts"
import { changedSearch } from "../url/query.ts"

/** What the change page is opened for. `cluster` is an id or a name. */
export type ChangeSubject =
  /** `remove`: takes away what the control has set. */
  | { type: "control"; control: FormControl; cluster: string; query: ControlQuery; remove: boolean }
  | { type: "object"; cluster: string; object: ObjectRef; remove: boolean }
  | { type: "new"; cluster: string; kind: string; namespace: string }
  /** The fix of a finding: where it was found. */
  | { type: "fix"; cluster: string; code: string; object: ObjectRef; path: string; title: string }
  | { type: "undo"; changeId: string }
  | { type: "none" }

const isFormControl = (text: string): text is FormControl => formControls.some((control) => control === text)

const serviceQuery = (text: string): ControlQuery => {
  const at = text.indexOf("/")
  return at < 0 ? { service: text } : { namespace: text.slice(0, at), service: text.slice(at + 1) }
}

function queryOf(text: (key: string) => string): ControlQuery {
  const port = Number(text("port"))
  return {
    ...(text("namespace") === "" ? {} : { namespace: text("namespace") }),
    ...(text("service") === "" ? {} : serviceQuery(text("service"))),
    ...(text("subset") === "" ? {} : { subset: text("subset") }),
    ...(Number.isInteger(port) && port > 0 && port < 65_536 ? { port } : {}),
  }
}

/** Reads the address of the change page; `none` when it names nothing that can be changed. */
export function subjectOf(search: URLSearchParams | string): ChangeSubject {
  const parts = new URLSearchParams(search)
  const text = (key: string): string => parts.get(key) ?? ""
  if (text("undo") !== "") return { type: "undo", changeId: text("undo") }
  const [control, cluster, remove] = [text("control"), text("cluster"), text("remove") !== ""]
  if (isFormControl(control)) return { type: "control", control, cluster, query: queryOf(text), remove }
  const object = { kind: text("kind"), namespace: text("namespace"), name: text("name") }
  if (control === "objects" && object.name === "")
    return { type: "new", cluster, kind: object.kind, namespace: object.namespace }
  if (control === "objects") return { type: "object", cluster, object, remove }
  if (control === "fix" && object.name !== "")
    return { type: "fix", cluster, code: text("code"), object, path: text("path"), title: text("fix") }
  return { type: "none" }
}

const addressOf = (parts: Record<string, string | undefined>): string => `/change${changedSearch("", parts)}`

export const controlPath = (
  control: FormControl,
  cluster: string,
  { namespace, service, subset, port }: ControlQuery,
  remove = false,
): string =>
  addressOf({
    control,
    cluster,
    ...(service === undefined ? { namespace } : { service: `${namespace ?? ""}/${service}` }),
    subset,
    port: port === undefined ? undefined : String(port),
    remove: remove ? "1" : undefined,
  })

export const objectPath = (cluster: string, object: ObjectRef, remove = false): string =>
  addressOf({
    control: "objects",
    cluster,
    kind: object.kind,
    namespace: object.namespace,
    name: object.name,
    remove: remove ? "1" : undefined,
  })

export const newObjectPath = (cluster: string, namespace = "", kind = ""): string =>
  addressOf({ control: "objects", cluster, kind, namespace })

export const fixPath = (
  cluster: string,
  finding: { code: string; object: ObjectRef; path: string },
  title: string,
): string => {
  const { kind, namespace, name } = finding.object
  return addressOf({
    control: "fix",
    cluster,
    code: finding.code,
    kind,
    namespace,
    name,
    path: finding.path,
    fix: title,
  })
}

export const undoPath = (changeId: string): string => addressOf({ undo: changeId })
