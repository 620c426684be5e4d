/** Closes what was opened, the newest first. A failing close does not keep the others open. */
export interface Resources extends AsyncDisposable {
  use<T extends AsyncDisposable | Disposable>(resource: T): T
  defer(close: () => Promise<void> | void): void
}

export function createResources(): Resources {
  const closers: (() => Promise<void> | void)[] = []
  return {
    use(resource) {
      closers.push(async () =>
        Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
      )
      return resource
    },
    defer(close) {
      closers.push(close)
    },
    async [Symbol.asyncDispose]() {
      const failures: unknown[] = []
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
        try {
          await close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'some resources could not be closed')
    },
  }
}
