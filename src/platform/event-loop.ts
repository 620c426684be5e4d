const turnMaxMs = 20

/**
 * Lets whatever else waits in this process have its turn, once the current one has lasted long. For work that never waits
 * by itself: promises that are resolved already let no timer and no socket in between.
 */
export function createBreather(maxMs = turnMaxMs): () => Promise<void> | undefined {
  let turnStartedMs: number | null = null
  return () => {
    const nowMs = performance.now()
    if (turnStartedMs === null) {
      turnStartedMs = nowMs
      setImmediate(() => {
        turnStartedMs = null
      })
      return undefined
    }
    return nowMs - turnStartedMs < maxMs ? undefined : new Promise((resolve) => setImmediate(resolve))
  }
}
