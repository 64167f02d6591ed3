/** Those BoringSSL has under OpenSSL's names, without PSK. Source: istio pkg/config/security `ValidCipherSuites`. */
const suites = new Set(
  (
    "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 " +
    "ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA " +
    "ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA AES256-SHA DES-CBC3-SHA"
  ).split(" "),
)
const plain = /^[\p{L}\p{N}]/u

/** Whether proxies know a cipher suite. Expressions (`-ALL`, `+AES`) are left to them. */
export const isCipherSuite = (suite: string): boolean =>
  suite === "" || suite === "ALL" || !plain.test(suite) || suites.has(suite)
