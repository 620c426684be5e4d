/** The part of an AbortSignal that the client needs; every AbortSignal fits. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface CallOptions {
  /** Gives the call up; it then rejects with `network.aborted`. */
  readonly signal?: AbortSignalLike | undefined
  /** Milliseconds for each try of this call. */
  readonly timeoutMs?: number | undefined
}

/** Where the input may be absent it may be left out. */
type Arguments<Input> = undefined extends Input
  ? [input?: Input, options?: CallOptions]
  : [input: Input, options?: CallOptions]

/** A procedure that only reads. */
export interface Query<Input, Output> {
  /** Rejects with XmError. Retried by itself when that may help. */
  query: (...call: Arguments<Input>) => Promise<Output>
}

/** A procedure that changes something. */
export interface Mutation<Input, Output> {
  /** Rejects with XmError. Retried by itself only when its input carries an `idempotencyKey`. */
  mutate: (...call: Arguments<Input>) => Promise<Output>
}

export interface Call {
  readonly type: 'query' | 'mutation'
  /** Dotted name, e.g. `deposits.create`. */
  readonly path: string
  readonly input: unknown
  readonly options: CallOptions
}

const verbs: Record<string, Call['type']> = { query: 'query', mutate: 'mutation' }

/** Turns `client.deposits.create.mutate(input)` into one call; `own` are the names that are no procedures. */
export function procedures(call: (call: Call) => Promise<unknown>, own: object = {}, path = ''): object {
  const children = new Map<string, unknown>()
  const childOf = (name: string): unknown => {
    const type = path && verbs[name]
    if (type) return (input: unknown, options: CallOptions = {}) => call({ type, path, input, options })
    return procedures(call, {}, path ? `${path}.${name}` : name)
  }
  return new Proxy(own, {
    get(target, name, receiver) {
      if (name in target) return Reflect.get(target, name, receiver)
      // A client must not look like a promise, or like a value with a JSON form of its own.
      if (typeof name !== 'string' || name === 'then' || name === 'toJSON') return undefined
      if (!children.has(name)) children.set(name, childOf(name))
      return children.get(name)
    },
  })
}
