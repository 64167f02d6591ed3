/** The kind under which findings travel and are kept: an object of the inventory each, so that they come, go and are shown as live as anything else. */
export const findingKind = "Finding.smm.io"
