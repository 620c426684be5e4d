import Libsql from 'libsql'
import { LRUCache } from 'lru-cache'

/**
 * The small part of the `sqlite3` package's callback API that Sequelize's SQLite dialect calls, over libsql.
 * libsql ships its binaries inside npm packages, so nothing is compiled or downloaded at install.
 * Columns declared BIGINT come back as decimal strings, exactly as mysql2 is set to return them.
 */

type Parameters_ = Record<string, unknown> | readonly unknown[]
type Callback = (this: StatementResult, error: Error | null, rows?: readonly unknown[]) => void

interface StatementResult {
  lastID: number
  changes: number
}

type Row = Record<string, unknown>
type Prepared = Libsql.Statement<unknown[]>

interface PreparedStatement {
  readonly prepared: Prepared
  readonly bigintColumns: ReadonlySet<string>
  readonly reader: boolean
}

export interface Outcome {
  readonly rows: readonly unknown[]
  /** Rows that were matched. */
  readonly changes: number
  readonly lastInsertId: number
}

const statementsMax = 256
const idleHandlesMax = 4
const idleHandles = new Map<string, Handle[]>()

/** One connection to the file. */
export class Handle {
  readonly database: Libsql.Database
  readonly #statements = new LRUCache<string, PreparedStatement>({ max: statementsMax })

  constructor(filename: string) {
    this.database = new Libsql(filename)
    this.database.defaultSafeIntegers(true)
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;')
  }

  /** Runs the statement with values for its `?`, or one object for its names. Throws libsql's own errors. */
  execute(sql: string, values: readonly unknown[]): Outcome {
    const { prepared, reader, bigintColumns } = this.#prepare(sql)
    const bound = values.map(bindable)
    if (reader) {
      const rows = prepared.all(...bound).map((row) => plainRow(row as Row, bigintColumns))
      return { rows, changes: 0, lastInsertId: 0 }
    }
    const { changes, lastInsertRowid } = prepared.run(...bound)
    return { rows: [], changes, lastInsertId: Number(lastInsertRowid) }
  }

  #prepare(sql: string): PreparedStatement {
    const before = this.#statements.get(sql)
    if (before !== undefined) return before
    const prepared: Prepared = this.database.prepare<unknown[]>(sql)
    const columns = prepared.reader ? prepared.columns() : []
    const bigintColumns = new Set(
      columns.filter(({ type }) => type?.toUpperCase() === 'BIGINT').map(({ name }) => name),
    )
    const statement = { prepared, bigintColumns, reader: prepared.reader }
    this.#statements.set(sql, statement)
    return statement
  }
}

function takeHandle(filename: string): Handle {
  return idleHandles.get(filename)?.pop() ?? new Handle(filename)
}

function returnHandle(filename: string, handle: Handle): void {
  const idle = idleHandles.get(filename) ?? []
  if (handle.database.inTransaction || idle.length >= idleHandlesMax) {
    handle.database.close()
    return
  }
  idle.push(handle)
  idleHandles.set(filename, idle)
}

/** Runs `work` on a handle that nobody else uses. */
export function withIdleHandle<T>(filename: string, work: (handle: Handle) => T): T {
  const handle = takeHandle(filename)
  try {
    return work(handle)
  } finally {
    returnHandle(filename, handle)
  }
}

/** Closes the handles that wait for reuse, so that the file can be removed. */
export function closeIdleHandles(filename: string): void {
  for (const handle of idleHandles.get(filename) ?? []) handle.database.close()
  idleHandles.delete(filename)
}

function plainValue(value: unknown, asText: boolean): unknown {
  if (typeof value !== 'bigint') return value
  if (asText) return value.toString()
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value.toString()
}

function plainRow(row: Row, bigintColumns: ReadonlySet<string>): Row {
  for (const name in row) row[name] = plainValue(row[name], bigintColumns.has(name))
  return row
}

/** libsql binds every number as REAL, which an INTEGER must not become on its way. */
function bindable(value: unknown): unknown {
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return value === undefined ? null : value
}

/** Sequelize binds `$1`-style names; libsql wants them without the prefix. */
function bindings(parameters: Parameters_ | undefined): readonly unknown[] {
  if (parameters === undefined) return []
  if (Array.isArray(parameters)) return parameters
  const named = Object.entries(parameters).map(([name, value]) => [name.replace(/^\$/, ''), bindable(value)])
  return named.length === 0 ? [] : [Object.fromEntries(named)]
}

class Database {
  readonly filename: string
  readonly handle: Handle

  constructor(filename: string, _mode: number, opened: (error: Error | null) => void) {
    this.filename = filename
    this.handle = takeHandle(filename)
    queueMicrotask(() => opened(null))
  }

  serialize(work: () => void): void {
    work()
  }

  run(sql: string, parameters?: Parameters_ | Callback, callback?: Callback): void {
    this.#execute(sql, parameters, callback)
  }

  all(sql: string, parameters?: Parameters_ | Callback, callback?: Callback): void {
    this.#execute(sql, parameters, callback)
  }

  close(callback?: (error: Error | null) => void): void {
    returnHandle(this.filename, this.handle)
    callback?.(null)
  }

  #execute(sql: string, parametersOrCallback?: Parameters_ | Callback, callback?: Callback): void {
    const parameters = typeof parametersOrCallback === 'function' ? undefined : parametersOrCallback
    const done = typeof parametersOrCallback === 'function' ? (parametersOrCallback as Callback) : callback
    let result: StatementResult = { lastID: 0, changes: 0 }
    let rows: readonly unknown[] = []
    let failure: Error | null = null
    try {
      const outcome = this.handle.execute(sql, bindings(parameters))
      result = { lastID: outcome.lastInsertId, changes: outcome.changes }
      rows = outcome.rows
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
    }
    done?.call(result, failure, rows)
  }
}

export type LibsqlConnection = Database

/** What Sequelize gets as `dialectModule` for its `sqlite` dialect. */
export const libsqlDriver = { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4, OPEN_FULLMUTEX: 65536 }
