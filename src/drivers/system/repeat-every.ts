/** A thing done again and again beside the work, such as a heartbeat; it never keeps the process alive by itself. */

/** Runs `work` every `ms`, never twice at once; the answer stops it. What `work` throws is its own to handle. */
export function repeatEvery(ms: number, work: () => Promise<void>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    void work().finally(() => {
      busy = false
    })
  }, ms)
  timer.unref()
  return () => clearInterval(timer)
}
