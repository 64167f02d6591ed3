import { list, map, text, string } from "../schema.ts"
import * as form from "../form.ts"

export const group = text({ max: 253, form: form.groupName })

export const kind = text({ min: 1, max: 63, form: form.kindName })

export const resourceName = text({ min: 1, max: 253 })

export const strings = list(string)

export const stringMap = map(string)
