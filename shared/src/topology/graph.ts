import { type EdgeSample, edgeKey } from "../telemetry/edge.ts"
import { unpackTick } from "../telemetry/unpack.ts"
import type { TopologySources } from "../api/mesh.ts"
import { type Aggregate, addSample, emptyAggregate } from "./aggregate.ts"
import { type IndexedCluster, type NodeIdentity, type Resolver, withoutEchoes } from "./resolve.ts"

type SourceCluster = TopologySources["clusters"][number]
/** A node with all that it receives and sends. */
export type Node = {
  identity: NodeIdentity
  inbound: Aggregate
  outbound: Aggregate
  versions: Map<string, Aggregate & { workload: string }>
  protocols: Set<EdgeSample["protocol"]>
  reportedBy: Set<string>
}
export type Edge = {
  source: NodeIdentity
  target: NodeIdentity
  protocol: EdgeSample["protocol"]
  sum: Aggregate
  reporter: EdgeSample["reporter"]
  reportedBy: Set<string>
}

/** The newest tick of each cluster, unless its cluster has been waiting for its first. */
const newestSamples = (source: SourceCluster): EdgeSample[] => {
  const packed = source.ticks.at(-1)
  return packed ? unpackTick(packed).edges : []
}

/** The samples of all clusters, each call once, with the cluster that tells of it. */
export function collectSamples(
  sources: readonly SourceCluster[],
  indexed: readonly IndexedCluster[],
): { sample: EdgeSample; reporter: IndexedCluster }[] {
  const all = sources.flatMap((source, i) => {
    const reporter = indexed[i]
    return reporter ? newestSamples(source).map((sample) => ({ sample, reporter })) : []
  })
  if (sources.length < 2) return all
  const reporters = new Map(all.map(({ sample, reporter }) => [sample, reporter]))
  const entries = all.map(({ sample, reporter }) => ({
    sample,
    key: edgeKey(sample),
    reporter: reporter.cluster,
  }))
  const byCluster = new Map(indexed.map((cluster) => [cluster.cluster, cluster]))
  const keyReporter = new Map(entries.map(({ key, reporter }) => [key, byCluster.get(reporter)]))
  return withoutEchoes(
    entries.map((entry) =>
      entry.sample.source.cluster === entry.sample.destination.cluster
        ? { ...entry, key: `${entry.reporter}|${entry.key}` }
        : entry,
    ),
  )
    .map((sample) => ({ sample, reporter: reporters.get(sample) ?? keyReporter.get(edgeKey(sample)) }))
    .filter(
      (entry): entry is { sample: EdgeSample; reporter: IndexedCluster } => entry.reporter !== undefined,
    )
}

/** Samples joined to nodes and edges. */
export class Graph {
  readonly nodes = new Map<string, Node>()
  readonly edges = new Map<string, Edge>()
  readonly resolver: Resolver

  constructor(resolver: Resolver) {
    this.resolver = resolver
  }

  node(identity: NodeIdentity): Node {
    const known = this.nodes.get(identity.id)
    if (known) return known
    const made: Node = {
      identity,
      inbound: emptyAggregate(),
      outbound: emptyAggregate(),
      versions: new Map(),
      protocols: new Set(),
      reportedBy: new Set(),
    }
    this.nodes.set(identity.id, made)
    return made
  }

  add(sample: EdgeSample, reporter: IndexedCluster): void {
    const source = this.resolver.source(sample.source, reporter)
    const target = this.resolver.target(sample.destination, reporter)
    this.addEdge(sample, source, target, reporter)
    const from = this.node(source)
    addSample(from.outbound, sample)
    from.reportedBy.add(reporter.cluster)
    const node = this.node(target)
    addSample(node.inbound, sample)
    node.reportedBy.add(reporter.cluster)
    node.protocols.add(sample.protocol)
    const { version, workload } = sample.destination
    if (version === "" && workload === "") return
    const part = node.versions.get(`${version}|${workload}`) ?? { ...emptyAggregate(), workload }
    addSample(part, sample)
    node.versions.set(`${version}|${workload}`, part)
  }

  private addEdge(
    sample: EdgeSample,
    source: NodeIdentity,
    target: NodeIdentity,
    reporter: IndexedCluster,
  ): void {
    const id = `${source.id}>${target.id}>${sample.protocol}`
    const edge = this.edges.get(id) ?? {
      source,
      target,
      protocol: sample.protocol,
      sum: emptyAggregate(),
      reporter: sample.reporter,
      reportedBy: new Set<string>(),
    }
    addSample(edge.sum, sample)
    edge.reportedBy.add(reporter.cluster)
    if (edge.reporter !== sample.reporter) edge.reporter = "both"
    this.edges.set(id, edge)
  }
}
