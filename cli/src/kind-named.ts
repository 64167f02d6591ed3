import { AppError } from "#shared/error.ts"
import { type KindSpec, kindsNamed } from "#shared/kube/kinds.ts"
import { UsageError } from "./exit.ts"

/** The one kind of a name. @throws AppError kind.not_found, UsageError with the names it may stand for */
export function kindNamed(name: string): KindSpec {
  const [kind, ...more] = kindsNamed(name)
  if (!kind)
    throw new AppError("kind.not_found", `no kind "${name}" in the inventory; smm get --help lists them`)
  if (more.length > 0)
    throw new UsageError(
      `"${name}" may be ${[kind, ...more].map((one) => `${one.plural}.${one.group}`).join(" or ")}; write one of them`,
    )
  return kind
}
