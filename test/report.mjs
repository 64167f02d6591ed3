/** Failures in a JSON report of vitest: tests, and files that failed outside of any test (they do not load, or their preparation fails). */
export function failuresOf(report) {
  const files = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  )
  return (report?.numFailedTests ?? 0) + files.length
}
