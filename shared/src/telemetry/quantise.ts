/** Steps of 0.9 %: the error is at most 0.45 %. Values from 1e-6 up. */
const step = Math.log(1.009)
const least = 1e-6

/** Beyond any rate there is; a number gone wrong must not cost the tick. */
const greatest = 1e18

/** log-quantised: 0 for zero and what is too small to matter, else 1.. */
export const quantise = (value: number): number =>
  value < least ? 0 : 1 + Math.round(Math.log(Math.min(value, greatest) / least) / step)

/** Six digits: engines differ in the last bit of `exp`, and the graph is to be the same text in the cloud, the CLI and every browser. */
const sixDigits = (value: number): number => Number(value.toPrecision(6))
/** Up to 1e6 times what any rate, latency or throughput is. */
const values = Array.from({ length: 5_000 }, (_, code) =>
  code === 0 ? 0 : sixDigits(least * Math.exp((code - 1) * step)),
)
export const unquantise = (code: number): number =>
  code <= 0 ? 0 : (values[code] ?? sixDigits(least * Math.exp((code - 1) * step)))
