/** What could not be read, or was read otherwise than it looks. A person finds the place and knows what to do. */
export type Problem = {
  file: string
  /** Both count from 1. */
  line: number
  column: number
  /** An error: the document, or the file, was not validated. A warning: it was. */
  level: "error" | "warning"
  message: string
  remedy: string
}

/** A fault at an offset of the text, before anybody asked for its line. */
export class ReadFault extends Error {
  readonly offset: number
  readonly remedy: string
  constructor(message: string, offset: number, remedy: string) {
    super(message)
    this.name = "ReadFault"
    this.offset = offset
    this.remedy = remedy
  }
}

/** Deeper than any Kubernetes object; the API server itself refuses at 10,000. */
export const maxDepth = 256

export const tooDeep = (offset: number): ReadFault =>
  new ReadFault(
    `is nested more than ${maxDepth} levels deep`,
    offset,
    "No Kubernetes object is; make it flatter",
  )
