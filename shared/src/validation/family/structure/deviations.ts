import type { Deviation } from "../../deviation.ts"

const nullItem =
  "A list with a null item is refused by the API server, by Istio's own definition (and in its openapi tests); its validator alone would skip the item"
const threeCertificates =
  "Istio's definition allows two certificates, so the API server refuses three; the validator alone only warns"
const noIssuer =
  "Istio's definition asks for an issuer of at least one character where it is set; the validator alone takes an empty one beside jwksUri"
const emptyEndpoints =
  "Istio's definition refuses endpoints with resolution NONE even when the list is empty; the validator alone counts them"

const extra = (test: string, kind: string, reason: string): Deviation => ({
  corpus: "istio/validation",
  case: `pkg/config/validation/${test}`,
  kind: "extra",
  code: "IST0106",
  resource: kind,
  reason,
})

/** Rows that Istio's validator takes and Istio's definitions refuse. Some are of tests beyond the part of the corpus that we are given. */
export const deviations: readonly Deviation[] = [
  extra("validation_test.go:557 simple more than 2 certs", "Gateway", threeCertificates),
  extra("validation_test.go:796 mutual more than 2 certs", "Gateway", threeCertificates),
  extra("validation_test.go:2171 match with nil element", "VirtualService", nullItem),
  extra("validation_test.go:2193 valid mirror percentage", "VirtualService", nullItem),
  extra("validation_test.go:2232 mirrors valid mirror percentage", "VirtualService", nullItem),
  extra("virtualservice_test.go:675 match with nil element", "VirtualService", nullItem),
  extra("virtualservice_test.go:697 valid mirror percentage", "VirtualService", nullItem),
  extra("validation_test.go:4471 partial wildcard hosts", "ServiceEntry", emptyEndpoints),
  extra("validation_test.go:7105 empty issuer and set jwksUri", "RequestAuthentication", noIssuer),
]
