import type { ClientTlsForm } from "#shared/edit/form.ts"

type Mode = ClientTlsForm["mode"]

export const tlsModes: readonly { value: Mode | ""; label: string; says: string }[] = [
  {
    value: "",
    label: "Nothing is said: auto mTLS",
    says: "Proxies use mTLS by themselves wherever the called pod has a proxy, and plain text where it has none.",
  },
  {
    value: "ISTIO_MUTUAL",
    label: "Istio mTLS",
    says: "mTLS with the proxy's own certificate. Fails where the called pod has no proxy.",
  },
  {
    value: "DISABLE",
    label: "Plain text",
    says: "No TLS. Refused by whoever requires mTLS.",
  },
  {
    value: "SIMPLE",
    label: "TLS",
    says: "TLS in which only the server shows a certificate, as with most services outside of the mesh.",
  },
  {
    value: "MUTUAL",
    label: "TLS with a client certificate",
    says: "Both sides show a certificate; the caller's comes from a secret or from files.",
  },
]

type Key = Exclude<keyof ClientTlsForm, "mode">
/** What a mode takes; the rest Istio refuses. */
const taken: Record<Mode, readonly Key[]> = {
  DISABLE: [],
  ISTIO_MUTUAL: ["sni"],
  SIMPLE: ["sni", "credentialName", "caCertificates", "subjectAltNames", "insecureSkipVerify"],
  MUTUAL: [
    "sni",
    "credentialName",
    "clientCertificate",
    "privateKey",
    "caCertificates",
    "subjectAltNames",
    "insecureSkipVerify",
  ],
}

export const takes = (mode: Mode, key: Key): boolean => taken[mode].includes(key)

/** The same in another mode, as far as that takes it. */
export function inMode(form: ClientTlsForm | undefined, mode: Mode): ClientTlsForm {
  const kept = Object.entries(form ?? {}).filter(([key]) => taken[mode].some((one) => one === key))
  return { ...Object.fromEntries(kept), mode }
}
