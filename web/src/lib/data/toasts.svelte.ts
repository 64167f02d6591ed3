export type Toast = {
  id: number
  level: "ok" | "failing"
  text: string
  action?: { label: string; run: () => void }
}

const shownMs = 6_000

/** Results of the user's own actions, one line each. Failures stay until they are dismissed. */
export class Toasts {
  #count = 0
  items = $state.raw<readonly Toast[]>([])

  ok(text: string, action?: Toast["action"]): void {
    const id = this.#add({ level: "ok", text, ...(action ? { action } : {}) })
    setTimeout(() => this.dismiss(id), shownMs)
  }
  fail(text: string, action?: Toast["action"]): void {
    this.#add({ level: "failing", text, ...(action ? { action } : {}) })
  }
  dismiss(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id)
  }

  #add(toast: Omit<Toast, "id">): number {
    const id = ++this.#count
    this.items = [...this.items, { ...toast, id }].slice(-4)
    return id
  }
}
