import type { ChangeSubject } from "./address.ts"
import { kindName, objectPath } from "../validation/finding-place.ts"
import { changePath } from "./history.ts"
import { controlTitles } from "./words.ts"

type Crumb = { text: string; href?: string }
type Known = { cluster: string; undone: string | undefined }

/** Where a change began, and what it is. */
export function crumbsOf(subject: ChangeSubject, { cluster, undone }: Known): Crumb[] {
  switch (subject.type) {
    case "control": {
      const { namespace = "", service } = subject.query
      const title = subject.remove
        ? `Remove ${controlTitles[subject.control].toLowerCase()}`
        : controlTitles[subject.control]
      if (service === undefined)
        return [
          { text: "Changes", href: "/changes" },
          ...(namespace === "" ? [] : [{ text: namespace }]),
          { text: title },
        ]
      return [
        { text: "Services", href: "/services" },
        {
          text: service,
          href: `/services/${[cluster, namespace, service].map(encodeURIComponent).join("/")}`,
        },
        { text: title },
      ]
    }
    case "object": {
      const { kind, name } = subject.object
      return [
        { text: "Objects", href: "/validation" },
        { text: `${kindName(kind)} ${name}`, href: objectPath(cluster, subject.object) },
        { text: subject.remove ? "Delete" : "Edit" },
      ]
    }
    case "fix":
      return [
        { text: "Validation", href: "/validation" },
        { text: subject.object.name, href: objectPath(cluster, subject.object) },
        { text: "Fix" },
      ]
    case "undo":
      return [
        { text: "Changes", href: "/changes" },
        { text: undone ?? subject.changeId, href: changePath(subject.changeId) },
        { text: "Undo" },
      ]
    case "new":
      return [{ text: "Changes", href: "/changes" }, { text: "New object" }]
    case "none":
      return [{ text: "Changes", href: "/changes" }, { text: "Change" }]
  }
}
