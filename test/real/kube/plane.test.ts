import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test, vi } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { planeMissing, startPlane } from "./plane.ts"

describe.skipIf(skipNote("real kube-apiserver harness", planeMissing()))("a real control plane", () => {
  test(
    "serves kubectl, keeps its data over a crash, and leaves nothing behind",
    { timeout: 90_000 },
    async () => {
      const plane = await startPlane({ audit: true })
      try {
        const kubectl = (...args: string[]) =>
          execFileSync(plane.kubectl ?? "kubectl", ["--kubeconfig", plane.kubeconfig, ...args]).toString()
        kubectl("create", "namespace", "kept")
        await plane.restart()
        expect(kubectl("get", "namespace", "kept", "-o", "name")).toBe("namespace/kept\n")
        expect(plane.auditLog !== null && existsSync(plane.auditLog)).toBe(true)
      } finally {
        await plane.stop()
      }
      expect(existsSync(plane.folder)).toBe(false)
    },
  )

  test("ends when the process that started it is killed", { timeout: 90_000 }, async () => {
    const script = `
      import { startPlane } from ${JSON.stringify(join(import.meta.dirname, "plane.ts"))}
      process.stdout.write((await startPlane()).folder)
    `
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script])
    const [folder] = (await once(child.stdout, "data")) as [Buffer]
    const pid = async (name: string) => Number(await readFile(join(folder.toString(), `${name}.pid`), "utf8"))
    const pids = [await pid("etcd"), await pid("kube-apiserver")]
    const running = pids.filter(isRunning)
    child.kill("SIGKILL")
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { timeout: 30_000, interval: 200 })
    await rm(folder.toString(), { recursive: true, force: true })
    expect(running).toEqual(pids)
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
