import Libsql from 'libsql'

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

interface CachedStatement {
  readonly prepared: Prepared
  readonly bigintColumns: ReadonlySet<string>
  readonly reader: boolean
}

const statementsMax = 256
const idleHandlesMax = 4
const idleHandles = new Map<string, Handle[]>()

class Handle {
  readonly database: Libsql.Database
  readonly #statements = new Map<string, CachedStatement>()

  constructor(filename: string) {
    this.database = new Libsql(filename)
    this.database.defaultSafeIntegers(true)
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;')
  }

  statement(sql: string): CachedStatement {
    const cached = this.#statements.get(sql)
    if (cached !== undefined) return cached
    const prepared: Prepared = this.database.prepare<unknown[]>(sql)
    const columns = prepared.reader ? prepared.columns() : []
    const bigintColumns = new Set(
      columns.filter(({ type }) => type?.toUpperCase() === 'BIGINT').map(({ name }) => name),
    )
    const statement = { prepared, bigintColumns, reader: prepared.reader }
    if (this.#statements.size >= statementsMax) this.#statements.clear()
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

function bindable(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  return value === undefined ? null : value
}

/** Sequelize binds `$1`-style names; libsql wants them without the prefix. */
function bindings(parameters: Parameters_ | undefined): unknown[] {
  if (parameters === undefined) return []
  if (Array.isArray(parameters)) return parameters.map(bindable)
  const named = Object.entries(parameters).map(([name, value]) => [name.replace(/^\$/, ''), bindable(value)])
  return named.length === 0 ? [] : [Object.fromEntries(named)]
}

class Database {
  readonly filename: string
  readonly #handle: Handle

  constructor(filename: string, _mode: number, opened: (error: Error | null) => void) {
    this.filename = filename
    this.#handle = takeHandle(filename)
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
    returnHandle(this.filename, this.#handle)
    callback?.(null)
  }

  #execute(sql: string, parametersOrCallback?: Parameters_ | Callback, callback?: Callback): void {
    const parameters = typeof parametersOrCallback === 'function' ? undefined : parametersOrCallback
    const done = typeof parametersOrCallback === 'function' ? (parametersOrCallback as Callback) : callback
    let result: StatementResult = { lastID: 0, changes: 0 }
    let rows: readonly unknown[] = []
    let failure: Error | null = null
    try {
      const { prepared, reader, bigintColumns } = this.#handle.statement(sql)
      if (reader) {
        rows = prepared.all(...bindings(parameters)).map((row) => plainRow(row as Row, bigintColumns))
      } else {
        const { changes, lastInsertRowid } = prepared.run(...bindings(parameters))
        result = { lastID: Number(lastInsertRowid), changes }
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
    }
    done?.call(result, failure, rows)
  }
}

/** What Sequelize gets as `dialectModule` for its `sqlite` dialect. */
export const libsqlDriver = { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4, OPEN_FULLMUTEX: 65536 }
