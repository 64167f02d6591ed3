const shownMs = 2_000

/** Copies texts, and knows for a moment which one it was. */
export class Copier {
  done = $state("")
  failed = $state("")
  #timer: ReturnType<typeof setTimeout> | undefined

  /** On the button: what became of it, or what it does. */
  word(key: string, label: string): string {
    return this.done === key ? "Copied" : this.failed === key ? "Not copied" : label
  }

  async copy(text: string, key: string): Promise<void> {
    clearTimeout(this.#timer)
    try {
      await navigator.clipboard.writeText(text)
      this.done = key
      this.failed = ""
    } catch {
      this.done = ""
      this.failed = key
    }
    this.#timer = setTimeout(() => {
      this.done = ""
      this.failed = ""
    }, shownMs)
  }
}
