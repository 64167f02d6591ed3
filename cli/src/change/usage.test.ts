import { describe, expect, test } from "vitest"
import { reading, smm } from "./fixture.ts"

describe("what is written wrongly is refused with the value and the remedy, and nothing is sent", () => {
  test.each([
    ["shift set reviews v1=100 --yes", '"reviews" is no service; write NAMESPACE/SERVICE'],
    ["shift set bookinfo/reviews v1=80 v3=30 --yes", "sum to 110; they must sum to 100"],
    ["shift set bookinfo/reviews v1=99.5 v3=0.5 --yes", '"v1=99.5" is no weight'],
    ["shift set bookinfo/reviews --yes", "say the share of each version"],
    ["shift set bookinfo/reviews v1=100 -m path=/x --yes", '"path=/x" is no match'],
    ["shift set bookinfo/reviews v1=100 --rule 0 --yes", '--rule "0": wants a number from 1'],
    ["shift set bookinfo/reviews v1=100 --yes --dry-run", "write one of them"],
    ["shift set bookinfo/reviews v1=100 --yes --take-over --drop-conflicts", "say the opposite"],
    ["shift set bookinfo/reviews v1=100 --yes --expires soon", '--expires "soon": wants a time'],
    ["shift set bookinfo/reviews v1=100 --yes --queue 48h", '--queue "48h": wants a time up to 24h'],
    ["shift set bookinfo/reviews v1=100 --yes --undo-if errors>2", "wants a bound such as"],
    ["fault set bookinfo/ratings --abort 503 --yes", "say the share of the requests that --abort is for"],
    ["fault set bookinfo/ratings --abort 99 --percent 5 --yes", '--abort "99": wants an HTTP status'],
    ["fault set bookinfo/ratings --abort 700 --percent 5 --yes", "--abort: "],
    ["fault set bookinfo/ratings --percent 5 --yes", "say what is to go wrong"],
    ["fault set bookinfo/ratings --delay 5 --percent 5 --yes", '--delay "5": wants a duration'],
    ["mirror set bookinfo/reviews --to v3 --yes", "say which share is copied"],
    ["mirror set bookinfo/reviews --to v3 --percent 101 --yes", '--percent "101": wants a share'],
    ["circuit-breaker set bookinfo/details --yes", "say what to set"],
    ["circuit-breaker set bookinfo/details --max-connections many --yes", '--max-connections "many"'],
    [
      "circuit-breaker set bookinfo/reviews --max-ejection-percent 200 --replace --yes",
      "--max-ejection-percent: ",
    ],
    ["circuit-breaker set bookinfo/details --port 99999 --max-retries 1 --yes", '--port "99999"'],
    ["load-balancing set bookinfo/details --algorithm best --yes", "wants one of round-robin"],
    ["client-tls set bookinfo/reviews --sni a --yes", "--mode: "],
    ["mtls require bookinfo/reviews:http --yes", 'port "http": wants a port'],
    ["mtls require a/b/c --yes", '"a/b/c" is no scope; write mesh, NAMESPACE'],
    ["mtls set bookinfo strict --yes", '"strict" is not one of require, allow, disable, unset'],
    ["routing set bookinfo/reviews --yes", "say what the rule does"],
    ["routing set bookinfo/reviews --to v1=50 --to v2 --yes", '--to "v2": say its share'],
    ["routing set bookinfo/reviews --to v1 --redirect-uri /x --yes", "a rule leads one way"],
    ["undo 7 --yes", '"7" is no change; smm history lists their ids'],
    ["apply --yes", "name the objects' files"],
    ["delete --yes", "smm delete KIND NAME -n NAMESPACE"],
    ["delete virtualservice reviews --yes", "smm delete virtualservice reviews -n NAMESPACE"],
    ["history bookinfo/reviews --since yesterday", '--since "yesterday": wants a time ago'],
    ["history reviews", '"reviews" is no service'],
  ])("smm %s", async (written, words) => {
    const { code, err, calls } = await smm(written, { getControl: () => reading(null) })
    expect(err).toContain(words)
    expect(code).toBe(2)
    expect(calls).not.toContain("createChange")
  })
})
