/** Offers a file to the reader. */
export function download(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** `topology-2026-11-24T14-32-08.json` */
export const fileName = (at: number, ending: string): string =>
  `topology-${new Date(at).toISOString().slice(0, 19).replaceAll(":", "-")}.${ending}`
