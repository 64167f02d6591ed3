import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { readDocuments } from "#shared/document/read.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { filesIn } from "#test/validation/files.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families } from "#shared/validation/families.ts"
import { growths } from "#test/validation/growth-meshes.ts"
import { namespacesOf } from "./namespaces.ts"
import { type Row, loadNote, ms, notRun, progress, quantile, report, time } from "./report.ts"

const run = promisify(execFile)
const programs = join(homedir(), ".cache/smm-real-parts/istio")
const analyzeBench = process.env["SMM_ANALYZE_BENCH"] ?? join(programs, "analyze-bench")
const istioctl = process.env["SMM_ISTIOCTL"] ?? join(programs, "istioctl")
const generator = join(
  process.env["SMM_REAL_PARTS"] ?? join(import.meta.dirname, "../../../shared/real-parts"),
  "istio/gen-mesh.mjs",
)
const smm = join(import.meta.dirname, "../../cli/bin/smm.mjs")
const work = mkdtempSync(join(tmpdir(), "smm-bench-validation-"))

const objectsIn = (folder: string): KubeObject[] =>
  filesIn(folder).flatMap((file) =>
    readDocuments(readFileSync(file, "utf8"), file).objects.map(({ object }) => object),
  )

/** An engine that nothing is known to yet, over objects that are parsed. */
function validated(objects: readonly KubeObject[]): Engine {
  const engine = new Engine({ families })
  for (const object of objects) engine.put("", object)
  engine.findings()
  return engine
}

const heapMb = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1e6
}

/** One annotation of one object after another, all over the mesh. */
async function changes(engine: Engine, objects: readonly KubeObject[], count: number): Promise<number[]> {
  let at = 0
  return time(count, () => {
    const object = objects[(at++ * 7919) % objects.length]
    if (object === undefined) return
    const metadata = {
      ...object.metadata,
      annotations: { ...object.metadata.annotations, change: String(at) },
    }
    engine.put("", { ...object, metadata })
    engine.settle()
  })
}

async function anchors(folder: string): Promise<{ full: number | null; command: number | null }> {
  let full: number | null = null
  let command: number | null = null
  if (existsSync(analyzeBench)) {
    const { stdout } = await run(analyzeBench, ["-mode", "full", "-runs", "5", folder], { maxBuffer: 1e9 })
    full = (JSON.parse(stdout) as { analyzeMedianMs: number }).analyzeMedianMs
  }
  if (existsSync(istioctl)) {
    const taken = await time(3, () =>
      run(istioctl, ["analyze", "--use-kube=false", "-A", "-o", "json", folder], { maxBuffer: 1e9 }).catch(
        () => undefined,
      ),
    )
    command = quantile(taken, 0.5)
  }
  return { full, command }
}

async function ofFiles(folder: string): Promise<Row[]> {
  const objects = objectsIn(folder)
  progress(`${objects.length} objects; the anchors first`)
  const { full, command } = await anchors(folder)
  progress("cold index, all rules")
  const cold = await time(40, () => validated(objects))
  const engine = validated(objects)
  const change = await changes(engine, objects, 2_000)
  progress("the command")
  const whole = await time(5, () =>
    run(process.execPath, [smm, "validate", "-f", folder, "-o", "json"], { maxBuffer: 1e9 }).catch(
      () => undefined,
    ),
  )
  const median = quantile(cold, 0.5)
  const p50 = quantile(whole, 0.5)
  return [
    {
      quantity: `mesh L (${objects.length} objects), all rules, cold index`,
      reach: "<= 100 ms and >= 10x",
      measured: `p50 ${ms(median)}, best ${ms(Math.min(...cold))}${full === null ? "" : `: ${(full / median).toFixed(1)}x`}`,
      floor: full === null ? "-" : `${ms(full)} (analyze-bench -mode full)`,
      note: `${engine.findings().length} findings${loadNote()}`,
    },
    {
      quantity: "smm validate on the files of mesh L, whole command",
      reach: "faster than istioctl analyze",
      measured: `p50 ${ms(p50)}`,
      floor: command === null ? "-" : `${ms(command)} (istioctl analyze, 21 analyzers left out)`,
      note: `all rules, lines and columns${loadNote()}`,
    },
    {
      quantity: "mesh L, one object changed",
      reach: "p99 < 5 ms",
      measured: `p50 ${ms(quantile(change, 0.5))}, p99 ${ms(quantile(change, 0.99))}`,
      floor: "-",
      note: "istioctl has no incremental mode; Kiali reads everything again",
    },
  ]
}

async function ofNamespaces(): Promise<Row[]> {
  const objects = namespacesOf(1_600)
  const before = heapMb()
  const begin = performance.now()
  const engine = validated(objects)
  const taken = performance.now() - begin
  const memory = heapMb() - before
  const tenth = namespacesOf(160)
  const small = quantile(await time(9, () => validated(tenth)), 0.5)
  const large = quantile(await time(3, () => validated(objects)), 0.5)
  return [
    {
      quantity: `1,600 namespaces with 10 config objects each (${engine.objects} objects)`,
      reach: "cold < 2 s, < 300 MB",
      measured: `${ms(taken)}, ${Math.round(memory)} MB`,
      floor: "100 s a round (Kiali, reported)",
      note: `heap beside the parsed objects themselves${loadNote()}`,
    },
    {
      quantity: "growth from 160 to 1,600 namespaces",
      reach: "time <= 12x",
      measured: `${(large / small).toFixed(1)}x`,
      floor: "10x",
      note: `${ms(small)} to ${ms(large)}`,
    },
  ]
}

/** Much of one kind in one place; what this thread computes, as the figures are small. */
function ofGrowths(): Row[] {
  return growths.map(({ name, make, most }) => {
    const cpuOf = (objects: readonly KubeObject[]): number => {
      const costs = [1, 2, 3].map(() => {
        const begin = process.threadCpuUsage()
        validated(objects)
        return process.threadCpuUsage(begin).user / 1000
      })
      return Math.min(...costs)
    }
    const [quarter, whole] = [cpuOf(make(most / 4)), cpuOf(make(most))]
    return {
      quantity: `${most} ${name}`,
      reach: "not their square",
      measured: ms(whole),
      floor: "-",
      note: `CPU; a quarter of them ${ms(quarter)}`,
    }
  })
}

const rows: Row[] = []
if (existsSync(generator)) {
  const folder = join(work, "mesh-L")
  await run(process.execPath, [generator, "L", folder])
  rows.push(...(await ofFiles(folder)))
} else rows.push(notRun("mesh L", "<= 100 ms and >= 10x", `no ${generator}; set SMM_REAL_PARTS`))
rows.push(...(await ofNamespaces()))
progress("much of one kind in one place")
rows.push(...ofGrowths())
rmSync(work, { recursive: true, force: true })
report(rows)
