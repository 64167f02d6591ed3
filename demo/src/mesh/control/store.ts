import type { KubeStore } from "#demo/kube/store.ts"

/** What the controllers use of the demo's Kubernetes API. */
export type ControlStore = Pick<KubeStore, "get" | "list" | "create" | "update" | "remove" | "subscribe">
