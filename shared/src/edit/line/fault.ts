/** A text that a flag does not take; the message says what it wants. */
export class FlagFault extends Error {
  constructor(message: string) {
    super(message)
    this.name = "FlagFault"
  }
}
