import { setTimeout as sleep } from "node:timers/promises"
import { planOf } from "#shared/edit/controls.ts"
import type { Edit } from "#shared/edit/edit.ts"
import type { Intent } from "#shared/edit/intent.ts"
import { type Done, type Inverse, inverseOf } from "#shared/edit/inverse.ts"
import { type PlannedStep, stepsOf } from "#shared/edit/steps.ts"
import { worldOf } from "#shared/edit/testing.ts"
import type { World } from "#shared/edit/world.ts"
import { kindOf } from "#shared/kube/kinds.ts"
import { type KubeObject, type ObjectRef, kindKeyOf } from "#shared/kube/object.ts"
import { type Asked, type Bed, type Logged, startBed, until } from "./bed.ts"
import { controlMesh, namespace, port } from "./control-mesh.ts"
import type { Resource } from "./kube-stub.ts"
import { type Echo, Upstreams } from "./upstream.ts"

/** An answer as the client saw it; `echo`: what the pod that gave it was asked, null when none did. */
export type Reply = {
  id: string
  status: number
  echo: Echo | null
  body: string
  headers: Record<string, unknown>
  elapsedMs: number
}
type Asking = Partial<Asked> & { service?: string }
/** A write of an object: the version it got, or null when it is gone. */
type Put = { ref: ObjectRef; version: number | null }
type Planned = Exclude<Intent, { control: "undo" }>

/** What is asked while a change is under way, and what may be answered: what is before it or after it. */
export type Meanwhile = {
  asking?: Asking
  statuses?: readonly number[]
  /** Whether a step waits until Envoy has the one before it, or as long as an agent waits. */
  pace?: "seen" | "planned"
}

const marker = { apiVersion: "networking.istio.io/v1", kind: "VirtualService" }

/** A mesh that is changed as the product changes one: by plans of intents, step by step, while a client asks. */
export class ChangingMesh {
  readonly bed: Bed
  readonly upstreams: Upstreams
  /** What was written at first. */
  readonly untouched: Record<string, unknown>
  #done: Done[] = []
  #meanwhile: Meanwhile = {}
  #asked = 0
  #marked = 0

  private constructor(bed: Bed, upstreams: Upstreams) {
    this.bed = bed
    this.upstreams = upstreams
    this.untouched = this.written()
  }

  static async start(): Promise<ChangingMesh> {
    const mesh = controlMesh()
    const upstreams = new Upstreams()
    await mesh.serve(upstreams)
    const changing = new ChangingMesh(await startBed(mesh.objects, [mesh.client]), upstreams)
    await changing.#settled()
    return changing
  }

  async stop(): Promise<void> {
    await this.bed.stop()
    this.upstreams.stop()
  }

  world(): World {
    const known = this.bed.stub.all().filter((object) => kindOf(kindKeyOf(object)) !== undefined)
    return worldOf(known as KubeObject[])
  }

  /** The specs of what the controls write, by kind and name. */
  written(): Record<string, unknown> {
    const kinds = ["VirtualService", "DestinationRule", "HTTPRoute"]
    return Object.fromEntries(
      this.bed.stub
        .all()
        .filter(({ kind, metadata }) => kinds.includes(kind) && metadata.name !== "marker")
        .map(({ kind, metadata, spec }) => [`${kind} ${metadata.name}`, spec] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
  }

  async ask({ service = "reviews", method = "GET", path = "/", headers = {} }: Asking = {}): Promise<Reply> {
    const id = String((this.#asked += 1))
    const started = performance.now()
    const answer = await this.bed.ask("client", port, {
      ...{ method, path },
      headers: { host: `${service}:${port}`, "x-ask": id, ...headers },
    })
    const elapsedMs = performance.now() - started
    const echo = answer.headers["x-upstream"] === undefined ? null : (JSON.parse(answer.body) as Echo)
    return { ...answer, id, echo, elapsedMs }
  }

  /** So many requests, eight at a time. */
  async many(count: number, asking: Asking = {}): Promise<Reply[]> {
    const replies: Reply[] = []
    let left = count
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        replies.push(await this.ask(asking))
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    return replies
  }

  async logged(replies: readonly Reply[]): Promise<Logged[]> {
    const log = await this.bed.logged(
      "client",
      replies.map(({ id }) => id),
    )
    return replies.flatMap(({ id }) => log.get(id) ?? [])
  }

  /** Plans an intent on what is there, and does it. Answers what was done. */
  change(intent: Planned, meanwhile: Meanwhile = {}): Promise<PlannedStep[]> {
    const allowed = new Set([...(this.#meanwhile.statuses ?? []), ...(meanwhile.statuses ?? [200])])
    this.#meanwhile = { ...meanwhile, statuses: [...allowed] }
    return this.#apply(planOf(intent, this.world()).edits, this.#meanwhile)
  }

  /** Takes back all changes since the last time, by their inverse on what is there now. */
  async undo(): Promise<Inverse> {
    const world = this.world()
    const inverse = inverseOf(this.#done, (ref) => world.object(ref))
    await this.#apply(inverse.edits, this.#meanwhile)
    this.#done = []
    this.#meanwhile = {}
    return inverse
  }

  async #apply(edits: readonly Edit[], meanwhile: Meanwhile): Promise<PlannedStep[]> {
    const { asking = {}, statuses = [200], pace = "seen" } = meanwhile
    const world = this.world()
    const steps = stepsOf(edits, (ref) => world.object(ref))
    for (const [at, step] of steps.entries()) {
      const waitMs = steps[at + 1]?.settleMs
      const put = this.#put(step)
      const settled = pace === "seen" || waitMs === undefined ? this.#settledAfter(put) : sleep(waitMs)
      const seen = await this.#askUntil(settled, asking)
      seen.push(...(await this.many(8, asking)))
      const wrong = seen.find(({ status }) => !statuses.includes(status))
      if (wrong) throw new Error(`${wrong.status} ${wrong.body} while or after "${step.why}"`)
    }
    return steps
  }

  async #askUntil(settled: Promise<void>, asking: Asking): Promise<Reply[]> {
    const replies: Reply[] = []
    let isSettled = false
    const end = settled.finally(() => (isSettled = true))
    const worker = async (): Promise<void> => {
      while (!isSettled) replies.push(await this.ask(asking))
    }
    await Promise.all([worker(), worker(), end])
    return replies
  }

  /** Writes as the API server would; answers the object with its new version, or what is gone. */
  #put({ before, after, object }: PlannedStep): Put {
    if (after !== null) {
      const made = this.bed.stub.apply(after as Resource)
      this.#done.push({ object, before, after: made as KubeObject })
      return { ref: object, version: Number(made.metadata["resourceVersion"]) }
    }
    this.bed.stub.remove(before as Resource)
    this.#done.push({ object, before, after: null })
    return { ref: object, version: null }
  }

  /** istiod has read the object; whatever it sends for the marker, which is written only then, is made of it too. */
  async #settledAfter({ ref, version }: Put): Promise<void> {
    await until(`istiod has ${ref.kind} ${ref.name}`, async () => {
      const { body } = await this.bed.istiod("/debug/configz")
      const known = (JSON.parse(body) as Resource[]).find(
        (object) => kindKeyOf(object) === ref.kind && object.metadata.name === ref.name,
      )
      return version === null
        ? known === undefined
        : Number(known?.metadata["resourceVersion"] ?? 0) >= version
    })
    await this.#settled()
  }

  /** Envoy answers the newest marker, and no cluster waits for its endpoints. */
  async #settled(): Promise<void> {
    const body = String((this.#marked += 1))
    this.bed.stub.apply({
      ...marker,
      metadata: { name: "marker", namespace },
      spec: { hosts: ["marker"], http: [{ directResponse: { status: 200, body: { string: body } } }] },
    })
    await until(`Envoy has marker ${body}`, async () => {
      const answer = await this.ask({ service: "marker" })
      if (answer.body !== body) return false
      const dump = await this.bed.admin("client", "/config_dump?resource=dynamic_warming_clusters")
      return !dump.body.includes("configs")
    })
  }
}
