const parallel = 16

/** Runs `work` over the items, a few at a time, in no order: they must be independent. */
export async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker))
}
