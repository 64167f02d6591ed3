import type { ChangeDetail, ControlQuery, ControlReading } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import type { FormControl, Intent } from "#shared/edit/intent.ts"
import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"
import { codeOf, objectInput } from "../data/api.ts"
import { inRules } from "../control/registry.ts"
import { Reading } from "../detail/reading.svelte.ts"

/** What a change is about, as it is now: what the control reads, the object, or the change to undo. */
export class SubjectSource {
  #api: Client
  reading: Reading<ControlReading>
  /** The routing of the same service, for controls that stand in one of its rules. */
  routing: Reading<ControlReading>
  /** null: there is none. */
  object: Reading<KubeObject | null>
  undone: Reading<ChangeDetail>
  /** The objects that a control has read, to be written in. */
  objects: Reading<readonly KubeObject[]>

  constructor(api: Client, now: () => number) {
    this.#api = api
    this.reading = new Reading(now)
    this.routing = new Reading(now)
    this.object = new Reading(now)
    this.undone = new Reading(now)
    this.objects = new Reading(now)
  }

  readControl(cluster: string, control: FormControl, query: ControlQuery): void {
    const call = (of: FormControl, asked: ControlQuery) =>
      this.#api.call("getControl", { params: { cluster, control: of }, query: asked })
    this.objects.forget()
    void this.reading.read(() => call(control, query))
    const { subset: _, port: __, ...service } = query
    if (inRules.has(control)) void this.routing.read(() => call("routing", service))
  }

  readObject(cluster: string, ref: ObjectRef): void {
    void this.object.read(async () => {
      try {
        return (await this.#api.call("getObject", objectInput(cluster, ref))).object
      } catch (error) {
        if (codeOf(error) === "object.not_found") return null
        throw error
      }
    })
  }

  /** What the control's objects say now; those that are gone meanwhile are left out. */
  readObjects(cluster: string, refs: readonly ObjectRef[]): void {
    void this.objects.read(async () => {
      const answers = await Promise.allSettled(
        refs.map((ref) => this.#api.call("getObject", objectInput(cluster, ref))),
      )
      return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.object] : []))
    })
  }

  readUndone(changeId: string): void {
    void this.undone.read(() => this.#api.call("getChange", { params: { change: changeId } }))
  }
}

/** What takes away all that a control has set. */
export function removalOf(control: FormControl, query: ControlQuery): Intent {
  const { namespace = "", service = "", subset, port } = query
  const of = { namespace, name: service }
  const scope = { ...(subset === undefined ? {} : { subset }), ...(port === undefined ? {} : { port }) }
  switch (control) {
    case "mtls": {
      const { namespace: inside, service: name } = query
      return {
        control,
        scope: {
          ...(inside === undefined ? {} : { namespace: inside }),
          ...(name === undefined ? {} : { service: name }),
          ...(port === undefined ? {} : { port }),
        },
        set: { mode: "UNSET" },
      }
    }
    case "circuit-breaker":
    case "load-balancing":
    case "client-tls":
      return { control, service: of, scope, set: null }
    default:
      return { control, service: of, set: null }
  }
}
