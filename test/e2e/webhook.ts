import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { json } from "node:stream/consumers"
import { issueCertificate } from "#test/real/kube/certificate.ts"
import type { KubeObject, KubeWriter } from "./kube.ts"
import { until } from "./room.ts"

/** What the API server asks before it writes an object. */
export type Review = { uid: string; operation: string; kind: { kind: string }; name: string; dryRun: boolean }

/** true: allowed. A text: refused, and why. A promise that nobody keeps: no answer. */
export type Verdict = true | string

/** A validating webhook for the objects of Istio's networking in one namespace, on loopback; it says what the test wants it to say. */
export type Webhook = {
  /** Its name, as messages have it. */
  name: string
  verdict: (review: Review) => Verdict | Promise<Verdict>
  /** For the end of its API server, which goes on asking it. */
  stop(): Promise<void>
}

/** Resolves when the API server asks it. It waits `timeoutSeconds` for an answer. */
export async function startWebhook(
  kube: KubeWriter,
  options: { name: string; namespace: string; timeoutSeconds: number },
): Promise<Webhook> {
  const { name, namespace, timeoutSeconds } = options
  const authority = issueCertificate({ name: `${name}-ca` })
  const { cert, key } = issueCertificate({ name, sans: ["127.0.0.1"], usage: "server" }, authority)
  let wasAsked = false
  const webhook: Webhook = {
    name,
    verdict: () => true,
    async stop() {
      const ended = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await ended
    },
  }
  const server = createServer({ cert, key }, (incoming, answer) => {
    wasAsked = true
    void json(incoming)
      .then(async (body) => {
        const { request } = body as { request: Review }
        const verdict = await webhook.verdict(request)
        const refusal = verdict === true ? {} : { status: { message: verdict, code: 403 } }
        const response = { uid: request.uid, allowed: verdict === true, ...refusal }
        answer.setHeader("content-type", "application/json")
        answer.end(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response }))
      })
      // Whoever asked is gone.
      .catch(() => answer.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  await kube.call("POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name,
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        timeoutSeconds,
        failurePolicy: "Fail",
        clientConfig: {
          url: `https://127.0.0.1:${port}/`,
          caBundle: Buffer.from(authority.cert).toString("base64"),
        },
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        rules: [
          {
            apiGroups: ["networking.istio.io"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["*"],
          },
        ],
      },
    ],
  })
  const path = `/apis/networking.istio.io/v1/namespaces/${namespace}/sidecars?dryRun=All`
  const probe: KubeObject = {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name: "probe", namespace },
    spec: {},
  }
  await until(`the API server to ask the webhook ${name}`, async () => {
    await kube.call("POST", path, probe)
    return wasAsked ? true : undefined
  })
  return webhook
}
