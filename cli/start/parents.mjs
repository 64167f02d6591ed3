// Plain JavaScript for Node >= 20: notices that the npm which runs this process is gone, however it ended.
import { readFileSync } from "node:fs"

const everyMs = 500

/** A file of /proc; empty where there is none, or when the process is gone. */
function about(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8")
  } catch {
    return ""
  }
}

/** The shell that npm runs a script in; bash replaces itself by the script, dash stays between. */
const isShell = (pid) => about(pid, "cmdline").split("\0")[1] === "-c"

function parentOf(pid) {
  const stat = about(pid, "stat")
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]
}

/**
 * Calls `then` once when npm, or the shell between, is gone: a kill of either leaves its children alive. Without npm nothing is
 * watched: what was started with nohup outlives its shell. Does not keep the process alive.
 */
export function onOrphaned(then) {
  if (process.env.npm_lifecycle_event === undefined) return
  const shell = isShell(process.ppid)
  const lineage = () => `${process.ppid} ${shell ? parentOf(process.ppid) : ""}`
  const before = lineage()
  const timer = setInterval(() => {
    if (lineage() === before) return
    clearInterval(timer)
    then()
  }, everyMs)
  timer.unref()
}
