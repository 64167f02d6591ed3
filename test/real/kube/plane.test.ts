import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { describe, expect, test } from "vitest"
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
})
