/// <reference lib="esnext.disposable" preserve="true" />

/** Something running on your behalf. Stopping it twice does nothing; it also works with `using`. */
export interface Subscription {
  stop(): void
  [Symbol.dispose](): void
}

export function subscription(release: () => void): Subscription {
  let running = true
  const stop = () => {
    if (!running) return
    running = false
    release()
  }
  const handle = { stop } as Subscription
  // Engines without explicit resource management have no such symbol; there, stop() is the only way.
  if (Symbol.dispose) handle[Symbol.dispose] = stop
  return handle
}

export interface Listeners<T> {
  readonly size: number
  add(listener: (value: T) => void): Subscription
  emit(value: T): void
}

export function listeners<T>(): Listeners<T> {
  const all = new Set<{ readonly listener: (value: T) => void }>()
  return {
    get size() {
      return all.size
    },
    add(listener) {
      const entry = { listener }
      all.add(entry)
      return subscription(() => all.delete(entry))
    },
    emit(value) {
      for (const entry of [...all]) if (all.has(entry)) guarded(() => entry.listener(value))
    },
  }
}

/** Runs a callback of the user's; what it throws surfaces as an uncaught error and harms nobody else. */
export function guarded(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
