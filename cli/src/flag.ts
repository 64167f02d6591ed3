/** Collects a flag that may be repeated; not split at commas, which names of files may hold. */
export const again = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]
