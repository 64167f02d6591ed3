import type { Deviation } from "../../deviation.ts"

const reason =
  "Both entries are of namespace bookinfo, whatever their host is called, and the Sidecar's ./* imports that namespace: proxies there see both"

/** Where the anchors are wrong about services. */
export const deviations: readonly Deviation[] = ["a", "b"].map((end) => ({
  corpus: "kiali/integration",
  case: "tests/integration/tests/config_validations_test.go:TestServiceEntrySidecarImportSkipsForeignMultimatch",
  kind: "extra",
  code: "KIA1211",
  resource: `ServiceEntry bookinfo/kiali-test-foreign-se-${end}`,
  reason,
}))
