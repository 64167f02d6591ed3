import type { z } from "zod"
import { Intent } from "#shared/edit/intent.ts"
import type { FormFlag } from "#shared/edit/line/form-flag.ts"
import { UsageError } from "../exit.ts"

type Issue = { path: PropertyKey[]; message: string }

/** The place of an issue in the words of the command: the flag that said it, where one did. */
function placeOf({ path }: Issue, table: readonly FormFlag[]): string {
  const [first, ...rest] = path.map(String)
  const inForm = first === "set" ? rest : [String(first), ...rest]
  const flag = table.find((each) => each.path.every((step, i) => inForm[i] === step))
  return flag ? `--${flag.name}` : inForm.join(".")
}

/** What the schema says of an intent is a matter of usage. @throws UsageError */
export function intentOf(written: z.input<typeof Intent>, table: readonly FormFlag[] = []): Intent {
  const read = Intent.safeParse(written)
  if (read.success) return read.data
  const said = read.error.issues.map((issue) => {
    const place = placeOf(issue, table)
    return place === "" ? issue.message : `${place}: ${issue.message}`
  })
  throw new UsageError(said.join("; "), { cause: read.error })
}
