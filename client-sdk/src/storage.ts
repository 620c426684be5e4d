/** Where a client keeps its session. Any key-value store of strings fits; answers may come later. */
export interface TokenStorage {
  get(key: string): string | null | undefined | Promise<string | null | undefined>
  set(key: string, value: string): unknown
  remove(key: string): unknown
}

/** Keeps the session for as long as the process or page lives. The default. */
export function memoryStorage(): TokenStorage {
  const values = new Map<string, string>()
  return {
    get: (key) => values.get(key),
    set: (key, value) => values.set(key, value),
    remove: (key) => values.delete(key),
  }
}

interface WebStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/**
 * Keeps the session in the browser's `localStorage`, shared by all tabs of the origin, across restarts.
 * Where there is none, or it is forbidden or full, the session lives in memory.
 */
export function localStorageAdapter(prefix = ''): TokenStorage {
  const fallback = memoryStorage()
  const attempt = <T>(work: (storage: WebStorage) => T, otherwise: () => T): T => {
    try {
      const storage = (globalThis as { localStorage?: WebStorage }).localStorage
      return storage ? work(storage) : otherwise()
    } catch {
      return otherwise()
    }
  }
  return {
    get: (key) =>
      attempt<ReturnType<TokenStorage['get']>>(
        (storage) => storage.getItem(prefix + key) ?? fallback.get(key),
        () => fallback.get(key),
      ),
    set: (key, value) =>
      attempt<unknown>(
        (storage) => storage.setItem(prefix + key, value),
        () => fallback.set(key, value),
      ),
    remove: (key) => {
      fallback.remove(key)
      attempt<unknown>(
        (storage) => storage.removeItem(prefix + key),
        () => undefined,
      )
    },
  }
}
