import { UsageError } from "../../exit.ts"

/** `12.5` or `12.5%`. @throws UsageError */
export function percentOf(flag: string, text: string): number {
  const percent = Number(text.replace(/%$/, ""))
  if (!/^\d{1,3}(?:\.\d+)?%?$/.test(text) || percent > 100)
    throw new UsageError(`${flag} "${text}": wants a share from 0 to 100`)
  return percent
}
