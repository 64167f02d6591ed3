import { z } from "zod"

/** A Kubernetes object as JSON. Only identity is typed; the rest is the kind's own. */
export const KubeObject = z
  .looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({
      name: z.string(),
      namespace: z.string().optional(),
      uid: z.string().optional(),
      resourceVersion: z.string().optional(),
      creationTimestamp: z.string().optional(),
      deletionTimestamp: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  })
  .meta({ id: "KubeObject" })
export type KubeObject = z.infer<typeof KubeObject>
