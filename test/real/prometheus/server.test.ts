import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { history } from "./istio-series.ts"
import { prometheusMissing, startPrometheus, type PrometheusServer } from "./server.ts"

describe.skipIf(skipNote("real Prometheus harness", prometheusMissing()))("a real Prometheus", () => {
  let server: PrometheusServer

  beforeAll(async () => {
    server = await startPrometheus()
  })
  afterAll(() => server.stop())

  test("answers at once from history that was written, also with awkward labels", async () => {
    const now = Date.now()
    const path = 'a "quoted" \\ näme\n'
    await server.remoteWrite(
      history([{ labels: { __name__: "steps_total", path }, perSecond: 2.5 }], {
        from: now - 300_000,
        to: now + 60_000,
      }),
    )
    const answer = await fetch(`${server.url}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query: "rate(steps_total[1m])" }),
    })
    expect(await answer.json()).toMatchObject({
      status: "success",
      data: {
        result: [{ metric: { path }, value: [expect.any(Number), expect.stringMatching(/^2\.(5|4999)/)] }],
      },
    })
  })
})
