import { type Source, Tracker } from "../../incremental/tracker.ts"
import { type MeshSettings, defaultSettings } from "../../istio/mesh.ts"
import { type KubeObject, type ObjectRef, kindKeyOf, refOf } from "../../kube/object.ts"
import type { Check, Details, Family } from "../check.ts"
import { type Finding, byPlace, findingKey } from "../finding.ts"
import type { Rule } from "../rule.ts"
import { ClusterState, type KindState, keyOf, live } from "./cluster.ts"
import { Evaluation, type Group, Subject, groupsOf, none } from "./evaluation.ts"
import { wellFormed } from "./input.ts"
import { fault, findingOf, withoutEchoes } from "./saying.ts"

/** Rules that could not be asked, and why: "may not list Secrets". */
export type NotEvaluated = {
  cluster: string
  codes: readonly string[]
  /** The kind that is missing for it. */
  kind: string
  state: Exclude<KindState["state"], "live">
  reason: string
  /** How many objects were not checked for it. */
  objects: number
}

/** Findings that appeared and disappeared. */
export type Delta = { added: Finding[]; removed: Finding[] }

/** What a change does: objects to put (in place of those of the same name) and objects to take away, in one cluster. */
export type Change = { cluster: string; put?: readonly KubeObject[]; remove?: readonly ObjectRef[] }

export type EngineOptions = {
  families: readonly Family[]
  /** Of each cluster, until its MeshConfig says otherwise. */
  settings?: MeshSettings
  istioNamespace?: string
  /** Milliseconds since 1970; without it nothing is said of what expires. */
  now?: number
  /** Throws at a read of a kind that the check does not declare. For tests. */
  strict?: boolean
}

const never = (): boolean => false

/**
 * All rules over all clusters of a mesh, kept up to date: a change runs again only the evaluations that looked at what it touches. Deterministic: the
 * same objects give the same findings, in the same order, whatever order they came in.
 */
export class Engine {
  readonly #tracker = new Tracker()
  readonly #options: EngineOptions
  readonly #groups: ReadonlyMap<string, readonly Group[]>
  readonly #checks: readonly Check[]
  readonly #clusters = new Map<string, ClusterState>()
  /** By cluster, kind, and namespace/name. */
  readonly #subjects = new Map<string, Map<string, Map<string, Subject>>>()
  /** All of whose groups are to be asked. */
  readonly #waiting: Subject[] = []
  readonly #speaking = new Set<Evaluation>()
  readonly #gone: Finding[] = []
  readonly #came: Evaluation[] = []
  #blocked = new Map<ClusterState, Map<Check, NotEvaluated | null>>()
  #sorted: readonly Finding[] | undefined
  #evaluation: Evaluation | undefined
  #check: Check | undefined
  #now: number | undefined
  readonly #kinds = new Map<string, Map<string, string>>()

  constructor(options: EngineOptions) {
    this.#options = options
    this.#now = options.now
    this.#checks = options.families.flatMap(({ checks }) => checks)
    this.#groups = groupsOf(options.families)
    if (options.strict === true)
      this.#tracker.guard = (source) => {
        this.#allow(source)
      }
  }

  #allow({ kinds }: Source): void {
    const check = this.#check
    if (check === undefined) return
    const undeclared = kinds.find((kind) => !check.reads.includes(kind))
    if (undeclared !== undefined)
      throw new Error(`check ${check.name} looks at ${undeclared}, which it does not declare in reads`)
  }

  /** The cluster of a name; made when it is not there. */
  cluster(name: string): ClusterState {
    const known = this.#clusters.get(name)
    if (known !== undefined) return known
    const cluster = new ClusterState(name, this.#tracker, {
      settings: this.#options.settings ?? defaultSettings,
      istioNamespace: this.#options.istioNamespace ?? "istio-system",
      remembers: this.#options.strict !== true,
    })
    if (this.#now !== undefined) cluster.setTime(this.#now)
    this.#clusters.set(name, cluster)
    this.#subjects.set(name, new Map())
    this.#introduce()
    return cluster
  }

  /** Who else is there decides what is "not found": with another set of clusters everything is asked anew. */
  #introduce(): void {
    const clusters = [...this.#clusters.values()].sort((a, b) => (a.cluster < b.cluster ? -1 : 1))
    for (const cluster of clusters) {
      cluster.others = clusters.filter((other) => other !== cluster)
      this.#askAnew(cluster)
    }
  }

  /** Says what time it is; only what goes by the time is asked anew. */
  setTime(now: number): void {
    if (now === this.#now) return
    this.#now = now
    for (const cluster of this.#clusters.values()) cluster.setTime(now)
  }

  removeCluster(name: string): void {
    for (const subject of this.#all(name)) this.#retire(subject)
    this.#subjects.delete(name)
    this.#clusters.delete(name)
    this.#blocked = new Map()
    this.#introduce()
  }

  *#all(clusterName: string): Iterable<Subject> {
    for (const subjects of this.#subjects.get(clusterName)?.values() ?? []) yield* subjects.values()
  }

  #wait(subject: Subject): void {
    if (subject.waits) return
    subject.waits = true
    this.#waiting.push(subject)
  }

  #askAnew(cluster: ClusterState): void {
    this.#blocked = new Map()
    for (const subject of this.#all(cluster.cluster)) this.#wait(subject)
  }

  #subjectsOf(clusterName: string, kind: string): Map<string, Subject> {
    const byKind = this.#subjects.get(clusterName)
    let subjects = byKind?.get(kind)
    if (subjects === undefined) {
      subjects = new Map()
      byKind?.set(kind, subjects)
    }
    return subjects
  }

  /** Made once for each kind: it is asked for every object. */
  #kindOf({ apiVersion, kind }: KubeObject): string {
    let kinds = this.#kinds.get(apiVersion)
    if (kinds === undefined) {
      kinds = new Map()
      this.#kinds.set(apiVersion, kinds)
    }
    const known = kinds.get(kind)
    if (known !== undefined) return known
    const key = kindKeyOf({ apiVersion, kind })
    kinds.set(kind, key)
    return key
  }

  /** Adds an object or replaces the one of its name; one without kind or name is passed over (false). */
  put(clusterName: string, original: KubeObject): boolean {
    const object = wellFormed(original)
    if (object === undefined) return false
    const cluster = this.cluster(clusterName)
    const kind = this.#kindOf(object)
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    const groups = this.#groups.get(kind)
    if (groups !== undefined) {
      const subjects = this.#subjectsOf(clusterName, kind)
      const before = subjects.get(key)
      if (before !== undefined) this.#retire(before)
      const subject = new Subject(object, original, cluster, groups)
      subjects.set(key, subject)
      this.#wait(subject)
    }
    if (cluster.set(object, kind, key)) this.#askAnew(cluster)
    return true
  }

  remove(clusterName: string, { kind, namespace, name }: ObjectRef): void {
    const cluster = this.#clusters.get(clusterName)
    if (cluster === undefined) return
    const key = keyOf(namespace, name)
    const subjects = this.#subjectsOf(clusterName, kind)
    const before = subjects.get(key)
    if (before !== undefined) this.#retire(before)
    subjects.delete(key)
    if (cluster.delete(kind, namespace, name)) this.#askAnew(cluster)
  }

  /** Says what may be read of a kind; what is not said is live. */
  setState(clusterName: string, kind: string, state: KindState): void {
    const cluster = this.cluster(clusterName)
    const before = cluster.states.get(kind) ?? live
    cluster.setState(kind, state)
    if (before.state === state.state && before.reason === state.reason) return
    this.#blocked = new Map()
    for (const [subject, groups] of this.#groups)
      if (subject === kind || groups.some((group) => group.some(({ reads }) => reads.includes(kind))))
        for (const one of this.#subjectsOf(clusterName, subject).values()) this.#wait(one)
  }

  #retire(subject: Subject): void {
    subject.alive = false
    this.#forget(subject.evaluations)
  }

  #forget(evaluations: readonly Evaluation[]): void {
    for (const evaluation of evaluations) {
      evaluation.alive = false
      if (this.#speaking.delete(evaluation)) {
        this.#gone.push(...(evaluation.findings ?? []))
        this.#sorted = undefined
      }
    }
  }

  /** Why a check cannot be answered in a cluster; null when it can. */
  #blockOf(check: Check, cluster: ClusterState): NotEvaluated | null {
    let blocks = this.#blocked.get(cluster)
    if (blocks === undefined) {
      blocks = new Map()
      this.#blocked.set(cluster, blocks)
    }
    const known = blocks.get(check)
    if (known !== undefined) return known
    let block: NotEvaluated | null = null
    for (const kind of [check.subject, ...check.reads]) {
      const { state, reason } = cluster.states.get(kind) ?? live
      const missing = state === "absent" ? check.needs?.includes(kind) === true : state !== "live"
      if (!missing || state === "live") continue
      block = {
        cluster: cluster.cluster,
        codes: check.rules.map(({ code }) => code).sort(),
        kind,
        state,
        reason,
        objects: 0,
      }
      break
    }
    blocks.set(check, block)
    return block
  }

  readonly #report = (rule: Rule, details: Details): void => {
    const evaluation = this.#evaluation
    if (evaluation === undefined) return
    const { cluster, object } = evaluation.subject
    evaluation.findings ??= []
    evaluation.findings.push(findingOf(rule, details, { cluster: cluster.cluster, object: refOf(object) }))
  }

  /** Asks a group about a subject; keeps the answer if something was found, or looked at that may change. */
  #ask(group: Group, subject: Subject): Evaluation | undefined {
    const evaluation = new Evaluation(group, subject)
    const looks = this.#tracker.looks
    this.#evaluation = evaluation
    const { cluster } = subject
    const outer = this.#tracker.enter(evaluation)
    for (const check of group)
      if (cluster.allLive || this.#blockOf(check, cluster) === null) this.#run(check, evaluation)
    this.#tracker.leave(outer)
    this.#evaluation = undefined
    if (evaluation.findings === undefined) return this.#tracker.looks === looks ? undefined : evaluation
    evaluation.findings = withoutEchoes(evaluation.findings)
    this.#speaking.add(evaluation)
    this.#came.push(evaluation)
    this.#sorted = undefined
    return evaluation
  }

  #run(check: Check, evaluation: Evaluation): void {
    const { object, raw, cluster } = evaluation.subject
    const before = evaluation.findings?.length ?? 0
    this.#check = check
    try {
      check.run(check.raw === true ? raw : object, cluster, this.#report)
    } catch (error) {
      if (this.#options.strict === true) throw error
      evaluation.findings?.splice(before)
      this.#report(fault, { path: "", message: `Check ${check.name} failed: ${String(error)}` })
    } finally {
      this.#check = undefined
    }
  }

  #askAll(subject: Subject): void {
    subject.waits = false
    if (!subject.alive) return
    this.#forget(subject.evaluations)
    subject.evaluations = none
    for (const group of subject.groups) {
      const evaluation = this.#ask(group, subject)
      if (evaluation === undefined) continue
      if (subject.evaluations.length === 0) subject.evaluations = [evaluation]
      else subject.evaluations.push(evaluation)
    }
  }

  #renew(old: Evaluation): void {
    if (!old.alive) return
    this.#forget([old])
    const { subject } = old
    const others = subject.evaluations.filter((evaluation) => evaluation !== old)
    const evaluation = this.#ask(old.group, subject)
    subject.evaluations = evaluation === undefined ? others : [...others, evaluation]
  }

  /** Runs what is to be run until it is enough, asked after each object; false while something is left. For whoever has to do other things meanwhile. */
  advance(isEnough: () => boolean): boolean {
    for (let subject = this.#waiting.pop(); subject !== undefined; subject = this.#waiting.pop()) {
      this.#askAll(subject)
      if (isEnough()) return false
    }
    for (const { old } of this.#clusters.values())
      // Asking is pure: nothing becomes old while others are asked.
      for (const evaluation of old) {
        old.delete(evaluation)
        this.#renew(evaluation)
        if (isEnough()) return false
      }
    return true
  }

  /** Runs what is to be run, and says what came of all changes since the last time. */
  settle(): Delta {
    this.advance(never)
    return this.#difference()
  }

  /**
   * In place of the difference that `settle` tells: each finding that was taken back or said since the last time, also where it was said again with other
   * references or another fix. What is said twice comes twice. Tells nothing new before `advance` is done.
   */
  moves(): { gone: Finding[]; came: Finding[] } {
    const came = this.#came.flatMap(({ alive, findings = [] }) => (alive ? findings : []))
    const gone = this.#gone.splice(0)
    this.#came.length = 0
    return { gone, came }
  }

  #difference(): Delta {
    const identity = (finding: Finding): string => `${findingKey(finding)}\u0000${finding.message}`
    const removed = new Map(this.#gone.map((finding) => [identity(finding), finding]))
    const added = new Map<string, Finding>()
    for (const evaluation of this.#came)
      if (evaluation.alive)
        for (const finding of evaluation.findings ?? []) added.set(identity(finding), finding)
    this.#gone.length = 0
    this.#came.length = 0
    for (const id of [...added.keys()]) if (removed.delete(id)) added.delete(id)
    return {
      added: [...added.values()].sort(byPlace),
      removed: [...removed.values()].sort(byPlace),
    }
  }

  /** All findings, in their one order; the same said twice of one place is one. */
  findings(): readonly Finding[] {
    this.settle()
    if (this.#sorted === undefined) {
      const sorted = [...this.#speaking].flatMap(({ findings }) => findings ?? []).sort(byPlace)
      this.#sorted = sorted.filter((finding, at) => {
        const before = sorted[at - 1]
        return before === undefined || byPlace(before, finding) !== 0
      })
    }
    return this.#sorted
  }

  /** What could not be answered, by cluster and kind. */
  notEvaluated(): readonly NotEvaluated[] {
    this.settle()
    const groups: NotEvaluated[] = []
    for (const cluster of this.#clusters.values()) {
      const byKind = new Map<string, { block: NotEvaluated; codes: Set<string>; subjects: Set<string> }>()
      for (const check of this.#checks) {
        const block = cluster.store(check.subject).size === 0 ? null : this.#blockOf(check, cluster)
        if (block === null) continue
        const group = byKind.get(block.kind) ?? { block, codes: new Set(), subjects: new Set() }
        for (const code of block.codes) group.codes.add(code)
        group.subjects.add(check.subject)
        byKind.set(block.kind, group)
      }
      for (const { block, codes, subjects } of byKind.values())
        groups.push({
          ...block,
          codes: [...codes].sort(),
          objects: [...subjects].reduce((sum, kind) => sum + cluster.store(kind).size, 0),
        })
    }
    return groups.sort((a, b) => (`${a.cluster}\u0000${a.kind}` < `${b.cluster}\u0000${b.kind}` ? -1 : 1))
  }

  /** How many objects are known. */
  get objects(): number {
    let count = 0
    for (const cluster of this.#clusters.values())
      for (const [, store] of cluster.stores()) count += store.size
    return count
  }

  object(cluster: string, { kind, namespace, name }: ObjectRef): KubeObject | undefined {
    return this.#clusters.get(cluster)?.store(kind).peek(keyOf(namespace, name))
  }

  /** What changes would do to the findings; nothing is kept of them. */
  delta(changes: readonly Change[]): Delta {
    this.settle()
    const before: (() => void)[] = []
    const remember = (cluster: string, ref: ObjectRef): void => {
      const known = this.object(cluster, ref)
      before.push(() => {
        if (known === undefined) this.remove(cluster, ref)
        else this.put(cluster, known)
      })
    }
    for (const { cluster, put = [], remove = [] } of changes) {
      for (const object of put) {
        const fine = wellFormed(object)
        if (fine === undefined) continue
        remember(cluster, refOf(fine))
        this.put(cluster, fine)
      }
      for (const ref of remove) {
        remember(cluster, ref)
        this.remove(cluster, ref)
      }
    }
    const delta = this.settle()
    for (const undo of before.reverse()) undo()
    this.settle()
    return delta
  }
}
