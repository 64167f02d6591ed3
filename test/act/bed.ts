import { KubeConfig } from "@kubernetes/client-node"
import type { KubeIdentity } from "#shared/act/policy.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { stepsOf } from "#shared/edit/steps.ts"
import type { Edit } from "#shared/edit/edit.ts"
import type { CommandAction, CommandOutcome, CommandPayload, WireStep } from "#shared/protocol/command.ts"
import type { ActState } from "#shared/protocol/message/status.ts"
import { createAccess } from "#agent/act/access.ts"
import { createApply } from "#agent/act/apply.ts"
import { createCheck } from "#agent/act/check.ts"
import { createExecutor, type Executor } from "#agent/act/executor.ts"
import type { Gate } from "#agent/act/gate.ts"
import { createJournal, type Journal } from "#agent/act/journal.ts"
import type { JournalStore } from "#agent/act/journal-store.ts"
import { plain } from "#agent/act/plan-step.ts"
import { createVersions, type Versions } from "#agent/act/versions.ts"
import { createWatchers, type Watchers } from "#agent/act/watchers.ts"
import type { Tick } from "#shared/telemetry/edge.ts"
import { createRequests } from "#agent/act/request.ts"
import { pinned } from "#agent/act/trust.ts"
import { systemClock } from "#agent/clock.ts"
import { createKubeApi as createClient, type KubeApi, type KubeCall } from "#agent/cluster/api.ts"
import { markEarlyRefusals } from "#agent/cluster/early-refusal.ts"
import { type CommandLane, createCommandLane, type Told } from "#agent/link/command-lane.ts"
import { createKeyPair } from "#agent/link/key.ts"
import { silentLog } from "#agent/log.ts"
import { createKubeApi as createDemo, type KubeApi as Demo } from "#demo/kube/kube-api.ts"
import { commandOf, freshPayload, standing } from "../../agent/test/command.ts"

export const ann: KubeIdentity = { user: "ann", groups: ["mesh-editors"] }
export const eve: KubeIdentity = { user: "eve", groups: [] }
const key = { ...createKeyPair(), keyId: "ck_1" }

/** What the API server is made to do with a call: nothing (undefined), fail before it is done, or be done with its answer lost. */
export type Fault = (call: KubeCall, nth: number) => { before: Error } | { after: Error } | undefined

export type Bed = {
  demo: Demo
  api: KubeApi
  /** Every call that writes, as it was sent. */
  writes: KubeCall[]
  fault: Fault
  versions: Versions
  /** What the policy is by now, where it is another. */
  gate: Pick<Gate, "state"> | undefined
  /** Told before and after each write, to the cluster and to the journal; throws when the process ends there. */
  point: () => void
  store: JournalStore & { records: Record<string, string>; saves: number }
  /** A new process over the same journal and cluster. */
  start(): Promise<Process>
  get(kind: string, name: string): KubeObject | undefined
  put(object: object, manager?: string): Promise<KubeObject>
  /** As the cloud plans it, on what is there now. */
  plan(...edits: Edit[]): WireStep[]
  close(): Promise<void>
}

export type Process = {
  executor: Executor
  journal: Journal
  lane: CommandLane
  told: Map<string, Told>
  payload(action: CommandAction, more?: Partial<CommandPayload>): CommandPayload
  send(payload: CommandPayload): void
  /** Sends, and waits for the result. */
  run(action: CommandAction, more?: Partial<CommandPayload>): Promise<CommandOutcome>
  outcome(id: string): Promise<CommandOutcome>
  /** The cloud has stored all that it was told. */
  acknowledge(): Promise<void>
  /** Carries on what was cut, and begins to watch. */
  resume(): Promise<void>
  tick(tick: Tick): void
  kill(): void
}

export const changeId = "chg_01ARZ3NDEKTSV4RRFFQ69G5FAV"
export const applyOf = (steps: WireStep[], more: object = {}): CommandAction => ({
  type: "apply",
  changeId,
  conflicts: "ask",
  steps,
  services: ["bookinfo/reviews"],
  guard: null,
  revertAt: null,
  ...more,
})

const rbac = "rbac.authorization.k8s.io/v1"
const group = "networking.istio.io"

function memoryStore(point: () => void): Bed["store"] {
  let version = 0
  const views = { known: 0 }
  const store: Bed["store"] = {
    place: "the journal of the test",
    records: {},
    saves: 0,
    load() {
      views.known = version
      return Promise.resolve({ ...store.records })
    },
    async save(changes) {
      if (views.known !== version) return "moved"
      point()
      store.saves += 1
      version += 1
      views.known = version
      for (const [name, value] of Object.entries(changes))
        if (value === null) Reflect.deleteProperty(store.records, name)
        else store.records[name] = value
      point()
      return "saved"
    },
  }
  return store
}

const openGate = (as: KubeIdentity): Pick<Gate, "admit" | "allows" | "state"> => ({
  state: (): Omit<ActState, "watching"> => ({
    mode: "mapped",
    reason: "",
    problems: [],
    identityProvider: null,
    kinds: [`VirtualService.${group}`, `DestinationRule.${group}`],
  }),
  admit: () => Promise.resolve({ as }),
  allows: (verb, { kind, namespace }) =>
    namespace === "locked"
      ? { code: "not_allowed", message: `the policy does not allow ${verb} of ${kind} in locked` }
      : null,
})

/** A demo cluster, its API over HTTP, and the agent's executor over it. Ann may edit routes and rules in bookinfo, Eve may do nothing. */
export async function openBed(
  options: {
    as?: (caller: string) => KubeIdentity
    /** The real one, of an owner's policy; without it a gate that is open. */
    gate?: (api: KubeApi, signal: AbortSignal) => Gate
  } = {},
): Promise<Bed> {
  const demo = createDemo({ now: () => Date.now() })
  const served = await demo.listen()
  const config = new KubeConfig()
  config.loadFromString(demo.kubeconfig(served.url))
  const client = createClient(config)
  const processes: Process[] = []
  const bed: Bed = {
    demo,
    api: { ...client, json },
    writes: [],
    fault: () => undefined,
    gate: undefined,
    versions: createVersions(),
    point: () => undefined,
    store: memoryStore(() => bed.point()),
    start,
    get: (kind, name) => demo.store.get(`${kind}.${group}`, name, "bookinfo"),
    put,
    plan,
    async close() {
      for (const process of processes) process.kill()
      client.close()
      await served.close()
    },
  }
  for (const name of ["bookinfo", "locked"])
    demo.store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } })
  demo.store.create({
    apiVersion: rbac,
    kind: "Role",
    metadata: { name: "edit", namespace: "bookinfo" },
    rules: [
      {
        apiGroups: [group],
        resources: ["virtualservices", "destinationrules"],
        verbs: ["create", "patch", "delete"],
      },
    ],
  })
  demo.store.create({
    apiVersion: rbac,
    kind: "RoleBinding",
    metadata: { name: "edit", namespace: "bookinfo" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "edit" },
    subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "mesh-editors" }],
  })

  let writes = 0
  async function json(call: KubeCall): Promise<unknown> {
    const isWrite =
      (call.method ?? "GET") !== "GET" && !call.path.includes("dryRun") && !call.path.includes("selfsubject")
    const isMesh = call.path.includes(group)
    if (isWrite && isMesh) {
      bed.writes.push(call)
      writes += 1
    }
    const fault = isMesh ? bed.fault(call, writes) : undefined
    if (isWrite && isMesh) bed.point()
    if (fault && "before" in fault) throw fault.before
    const answer = await client.json(call)
    if (isWrite && isMesh) bed.point()
    if (fault) throw fault.after
    return answer
  }

  async function put(object: object, manager = "kubectl-client-side-apply"): Promise<KubeObject> {
    const { apiVersion, kind, metadata } = object as KubeObject
    const path = `/apis/${apiVersion}/namespaces/bookinfo/${kind.toLowerCase()}s`
    const there = bed.get(kind, metadata.name)
    const { signal } = new AbortController()
    const body = there
      ? { ...object, metadata: { ...metadata, resourceVersion: there.metadata.resourceVersion } }
      : object
    return (await client.json({
      path: `${path}${there ? `/${metadata.name}` : ""}?fieldManager=${manager}`,
      method: there ? "PUT" : "POST",
      body,
      signal,
    })) as KubeObject
  }

  function plan(...edits: Edit[]): WireStep[] {
    return stepsOf(edits, (ref) => {
      const object = demo.store.get(ref.kind, ref.name, ref.namespace)
      return object && plain(object)
    }).map(({ verb, object, apiVersion, resourceVersion, uid, patch, create }) => ({
      ...{ verb, object, apiVersion, resourceVersion, uid, create },
      patch: patch && [...patch],
    }))
  }

  async function start(): Promise<Process> {
    const stop = new AbortController()
    const { signal } = stop
    const told = new Map<string, Told>()
    const acks: (() => void)[] = []
    const inner = createCommandLane(() => undefined)
    const lane: CommandLane = {
      ...inner,
      push(name, message, acked) {
        told.set(name, message)
        if (acked) acks.push(acked)
        inner.push(name, message, acked)
      },
    }
    const journal = createJournal({ store: bed.store, clock: systemClock, log: silentLog })
    await journal.load(signal)
    const api = markEarlyRefusals(bed.api, systemClock)
    const requests = createRequests(api)
    const gate = options.gate?.(client, signal) ?? {
      ...openGate(ann),
      admit: ({ caller }) => Promise.resolve({ as: (options.as ?? (() => ann))(caller.name) }),
    }
    const access = createAccess({ api, gate })
    const executor = createExecutor({
      gate,
      journal,
      apply: createApply({ requests, clock: systemClock, removing: () => undefined, versions: bed.versions }),
      check: createCheck({ requests, access, versions: bed.versions }),
      access,
      lane,
      standing: () => ({ ...standing, trust: pinned(key) }),
      cloudNow: () => Date.now(),
      watched: () => watchers?.changed(),
      clock: systemClock,
      signal,
      alive: signal,
      log: silentLog,
    })
    let watchers: Watchers | undefined
    /** As the agent does it: what was cut first, then what is watched. */
    async function resume(): Promise<void> {
      await executor.serially(() => executor.resume())
      watchers = createWatchers({
        ...{ journal, executor, requests, lane, signal, clock: systemClock, log: silentLog },
        gate: bed.gate ?? gate,
        counted: () => undefined,
        alive: signal,
      })
    }
    const self: Process = {
      executor,
      journal,
      lane,
      told,
      payload: (action, more) => ({ ...freshPayload(Date.now(), action), ...more }),
      send: (payload) => executor.take(commandOf(payload, key)),
      async run(action, more) {
        const payload = self.payload(action, more)
        self.send(payload)
        return self.outcome(payload.id)
      },
      async outcome(id) {
        for (let i = 0; i < 1_500; i++) {
          const message = told.get(id)
          if (message?.type === "result") return message.outcome
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        throw new Error(`no result of ${id}`)
      },
      async acknowledge() {
        for (const acked of acks.splice(0)) acked()
        await new Promise((resolve) => setTimeout(resolve, 50))
      },
      resume,
      tick: (tick) => watchers?.tick(tick),
      kill: () => stop.abort(new Error("killed")),
    }
    processes.push(self)
    return self
  }
  return bed
}

export const route = (name: string, weights: Record<string, number>): KubeObject => ({
  apiVersion: `${group}/v1`,
  kind: "VirtualService",
  metadata: { name, namespace: "bookinfo" },
  spec: {
    hosts: [name],
    http: [
      {
        route: Object.entries(weights).map(([subset, weight]) => ({
          destination: { host: name, subset },
          weight,
        })),
      },
    ],
  },
})

export const rule = (name: string, subsets: string[], more: object = {}): KubeObject => ({
  apiVersion: `${group}/v1`,
  kind: "DestinationRule",
  metadata: { name, namespace: "bookinfo" },
  spec: {
    host: name,
    subsets: subsets.map((subset) => ({ name: subset, labels: { version: subset } })),
    ...more,
  },
})

export const refOf = (kind: "VirtualService" | "DestinationRule", name: string) => ({
  kind: `${kind}.${group}`,
  namespace: "bookinfo",
  name,
})
