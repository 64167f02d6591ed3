import { AppError } from "#shared/error.ts"

const absent = (): never => {
  throw new AppError("unavailable", "changes are not served yet")
}
export const getControl = absent
export const getAccess = absent
export const previewChange = absent
export const createChange = absent
export const listChanges = absent
export const getChange = absent
export const releaseChange = absent
