import { guarded, type Subscription } from '../subscription.ts'

/** What `useSyncExternalStore` wants. The source runs from the first subscriber to the last. */
export interface Store<T> {
  readonly subscribe: (listener: () => void) => () => void
  readonly snapshot: () => T
}

/** `start` begins the source and feeds `update`; after it was stopped nothing is updated any more. */
export function createStore<T extends object>(
  initial: T,
  start: (update: (change: Partial<T>) => void) => Subscription,
): Store<T> {
  const subscribers = new Set<() => void>()
  let value = initial
  let source: Subscription | null = null
  let run = 0

  function begin(): Subscription {
    run += 1
    const mine = run
    return start((change) => {
      if (mine !== run || subscribers.size === 0) return
      value = { ...value, ...change }
      for (const subscriber of [...subscribers]) guarded(subscriber)
    })
  }

  return {
    subscribe(listener) {
      const subscriber = () => listener()
      subscribers.add(subscriber)
      source ??= begin()
      return () => {
        subscribers.delete(subscriber)
        if (subscribers.size > 0) return
        source?.stop()
        source = null
      }
    },
    snapshot: () => value,
  }
}
