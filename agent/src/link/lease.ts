import type { Clock } from "../clock.ts"
import { type KubeApi, KubeError } from "../cluster/api.ts"
import type { Log } from "../log.ts"

/** The right to speak, from when it was won until `lost` is aborted. */
export type Lead = { epoch: number; lost: AbortSignal }

export type Leadership = {
  /** Resolves when this process may speak; undefined when the signal is aborted before. */
  lead(signal: AbortSignal): Promise<Lead | undefined>
  /** Who speaks, for people; empty when nobody is known to. */
  holder(): string
  done: Promise<void>
}

/** Where no Lease may be held (outside of the cluster) there is nobody to share with. */
export const soleLeadership = (self: string): Leadership => ({
  lead: () => Promise.resolve({ epoch: 0, lost: new AbortController().signal }),
  holder: () => self,
  done: Promise.resolve(),
})

type LeaseSpec = {
  holderIdentity?: string
  leaseDurationSeconds?: number
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}
type Lease = { metadata: { resourceVersion?: string }; spec?: LeaseSpec }

const durationMs = 30_000
const renewEveryMs = 8_000
/** Who cannot renew for so long stops before anybody else may begin. */
const renewDeadlineMs = 20_000
/** Of one call. */
const patienceMs = 10_000
const leaseName = "smm-agent"

const micro = (at: number): string => new Date(at).toISOString().replace("Z", "000Z")

/**
 * Leader election on the Lease `smm-agent`, which the manifest makes. Another's hold is over when its record has not changed for its
 * duration by our own clock, so that clocks may differ. `self` is `<pod>_<instance>`: a container that was restarted takes over from itself at once.
 */
export function holdLease(options: {
  api: KubeApi
  namespace: string
  self: string
  clock: Clock
  signal: AbortSignal
  log: Log
}): Leadership {
  const { api, namespace, self, clock, signal, log } = options
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${leaseName}`
  const pod = self.slice(0, self.indexOf("_") + 1)
  let waiting: ((lead: Lead) => void)[] = []
  let current: { lead: Lead; stop: AbortController; renewedAt: number } | undefined
  let observed = { record: "", at: clock.now() }
  let holder = ""
  /** The failure that was told last: one that goes on is told once. */
  let told = ""

  function lose(reason: string): void {
    if (!current) return
    log.warn({ reason }, "another agent may speak now; this one is silent")
    current.stop.abort(new Error(`this agent does not speak any more: ${reason}`))
    current = undefined
  }

  /** Falls silent at the deadline whatever the loop waits for: an API server that takes a call and does not answer must not make two speak. */
  function watchRenewal(own: NonNullable<typeof current>, renewedAt: number): void {
    own.renewedAt = renewedAt
    void clock.sleep(renewedAt + renewDeadlineMs - clock.now(), own.stop.signal).then(() => {
      if (current === own && own.renewedAt === renewedAt) lose("it could not be renewed")
    })
  }

  function win(epoch: number, at: number): void {
    const stop = new AbortController()
    const lead = { epoch, lost: AbortSignal.any([signal, stop.signal]) }
    current = { lead, stop, renewedAt: at }
    watchRenewal(current, at)
    for (const tell of waiting) tell(lead)
    waiting = []
    log.info({ epoch }, "holding the Lease")
  }

  function mayTake(spec: LeaseSpec): boolean {
    const other = spec.holderIdentity ?? ""
    if (other === "" || (pod !== "" && other.startsWith(pod))) return true
    const record = `${other} ${spec.renewTime} ${spec.leaseTransitions}`
    if (record !== observed.record) observed = { record, at: clock.now() }
    return clock.now() - observed.at > (spec.leaseDurationSeconds ?? durationMs / 1000) * 1000
  }

  const patience = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])

  async function write(lease: Lease, spec: LeaseSpec): Promise<void> {
    const time = micro(clock.now())
    const body = {
      ...lease,
      spec: { ...spec, leaseDurationSeconds: durationMs / 1000, renewTime: time },
    }
    await api.json({ path, method: "PUT", body, signal: patience() })
  }

  async function step(): Promise<void> {
    const lease = (await api.json({ path, signal: patience() })) as Lease
    const spec = lease.spec ?? {}
    holder = spec.holderIdentity ?? ""
    // Others count from the write; its answer may come long after it.
    const begun = clock.now()
    const own = current
    if (own && holder === self && spec.leaseTransitions === own.lead.epoch) {
      await write(lease, spec)
      if (current === own) watchRenewal(own, begun)
      return
    }
    lose(`the Lease is held by ${holder || "nobody"}`)
    if (!mayTake(spec)) return
    const epoch = (spec.leaseTransitions ?? 0) + 1
    const acquireTime = micro(clock.now())
    await write(lease, { ...spec, holderIdentity: self, acquireTime, leaseTransitions: epoch })
    holder = self
    win(epoch, begun)
  }

  async function release(): Promise<void> {
    if (!current) return
    const farewell = AbortSignal.timeout(3_000)
    try {
      const lease = (await api.json({ path, signal: farewell })) as Lease
      if (lease.spec?.holderIdentity !== self) return
      const spec = { ...lease.spec, holderIdentity: "", renewTime: micro(clock.now()) }
      await api.json({ path, method: "PUT", body: { ...lease, spec }, signal: farewell })
    } catch (error) {
      log.debug({ error: String(error) }, "the Lease was not released; it ends by itself")
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await step()
        told = ""
      } catch (error) {
        if (signal.aborted) break
        const conflict = error instanceof KubeError && error.status === 409
        if (!conflict && told !== String(error))
          log.warn({ error: String(error) }, "the Lease smm-agent cannot be read or written")
        if (!conflict) told = String(error)
      }
      await clock.sleep((current ? renewEveryMs : renewEveryMs / 4) * (0.8 + clock.random() * 0.4), signal)
    }
    await release()
    current?.stop.abort()
  }

  return {
    lead(until) {
      if (current) return Promise.resolve(current.lead)
      return new Promise((resolve) => {
        waiting.push(resolve)
        const give = (): void => resolve(undefined)
        if (until.aborted) give()
        else until.addEventListener("abort", give, { once: true })
      })
    },
    holder: () => holder,
    done: run(),
  }
}
