import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createKubeApi } from "#demo/kube/kube-api.ts"
import { kubeApiContract } from "./contract.ts"

kubeApiContract({
  name: "the Kubernetes API of the demo cluster",
  start: async () => {
    const api = createKubeApi({ now: () => Date.now() })
    const served = await api.listen()
    const folder = await mkdtemp(join(tmpdir(), "smm-kube-api-"))
    const kubeconfig = join(folder, "kubeconfig")
    await writeFile(kubeconfig, api.kubeconfig(served.url), { mode: 0o600 })
    return {
      url: served.url,
      adminToken: api.adminToken,
      kubeconfig,
      compact: async () => {
        api.compact()
      },
      close: async () => {
        await served.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
})
