const shownMs = 2_000

/** Copies texts, and knows for a moment which one it was. */
export class Copier {
  done = $state("")
  failed = $state("")
  #timer: ReturnType<typeof setTimeout> | undefined

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
