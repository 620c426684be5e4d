import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Options, Sequelize, Transaction } from 'sequelize'
import type { Config } from '../config.ts'
import { isTransient } from './failures.ts'
import { createGate } from './gate.ts'
import { closeIdleHandles, libsqlDriver } from './libsql-driver.ts'
import { mysqlStatements } from './mysql-statements.ts'
import { sqliteStatements } from './sqlite-statements.ts'
import type { InsertTarget, Replacements, Statements } from './statements.ts'

export type Dialect = 'mysql' | 'sqlite'

/** Reads rows. BIGINT columns arrive as decimal strings on both dialects. */
export interface Reader {
  /** What Sequelize's model calls take as `transaction`. */
  readonly handle: Transaction | null
  readonly dialect: Dialect
  select<R extends object>(sql: string, replacements?: Replacements): Promise<R[]>
}

/** One transaction. Using it after its end throws. */
export interface Tx extends Reader {
  readonly handle: Transaction
  /** Runs an UPDATE or DELETE and returns the number of rows it matched. */
  change(sql: string, replacements?: Replacements): Promise<number>
  /** Inserts rows of values, in the order of the columns. */
  insert(into: InsertTarget, rows: readonly (readonly unknown[])[]): Promise<void>
  /** Runs once the transaction has been committed; for wake-ups only, facts leave through the outbox. */
  afterCommit(wake: () => void): void
}

/** Seams for tests that stop the process at an exact moment: around the commit of `tx`, which has ended after it. */
export interface DatabaseHooks {
  beforeCommit?(tx: Tx): Promise<void>
  afterCommit?(tx: Tx): Promise<void>
}

export interface Database extends Reader, AsyncDisposable {
  readonly handle: null
  readonly sequelize: Sequelize
  /**
   * Runs `work` in one transaction and commits. At a deadlock, lock timeout or busy file the whole of `work` is run
   * again, so it must do no other I/O. Every write of the product goes through here.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The database's own time, milliseconds since 1970. */
  nowMs(): Promise<number>
}

type DatabaseConfig = Pick<Config, 'DATA_DIR' | 'MYSQL_URL' | 'DB_POOL_MAX' | 'DB_TRANSACTION_ATTEMPTS_MAX'>

/** Opens MySQL/MariaDB where `MYSQL_URL` is set, otherwise the SQLite file in `DATA_DIR`. */
export async function openDatabase(config: DatabaseConfig, hooks: DatabaseHooks = {}): Promise<Database> {
  const dialect: Dialect = config.MYSQL_URL === undefined ? 'sqlite' : 'mysql'
  const storage = join(config.DATA_DIR, 'xm.sqlite')
  if (dialect === 'sqlite') makePrivate(config.DATA_DIR, storage)
  const sequelize =
    config.MYSQL_URL === undefined
      ? new Sequelize({
          ...commonOptions,
          dialect,
          storage,
          dialectModule: libsqlDriver,
          transactionType: Transaction.TYPES.IMMEDIATE,
        })
      : new Sequelize(config.MYSQL_URL.replace(/^mariadb:/, 'mysql:'), mysqlOptions(config))
  const statements = dialect === 'mysql' ? mysqlStatements(sequelize) : sqliteStatements(sequelize, storage)
  if (dialect === 'mysql') sequelize.addHook('afterConnect', prepareMysqlSession)
  await sequelize.authenticate()

  // SQLite has one writer: transactions queue here instead of failing on a busy file.
  const gate = dialect === 'sqlite' ? createGate() : <T>(work: () => Promise<T>) => work()

  async function attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const transaction = await sequelize.transaction()
    const scope = createTx(statements, dialect, transaction)
    try {
      const result = await work(scope.tx)
      await hooks.beforeCommit?.(scope.tx)
      scope.end()
      await transaction.commit()
      await hooks.afterCommit?.(scope.tx)
      for (const wake of scope.wakes) wake()
      return result
    } catch (error) {
      scope.end()
      await rollback(transaction)
      throw error
    }
  }

  return {
    dialect,
    sequelize,
    handle: null,
    select: (sql, replacements = {}) => statements.select(null, sql, replacements),
    async transaction(work) {
      for (let attempts = 1; ; attempts++) {
        try {
          return await gate(() => attempt(work))
        } catch (error) {
          if (attempts >= config.DB_TRANSACTION_ATTEMPTS_MAX || !isTransient(error)) throw error
          await pause(Math.random() * Math.min(200, 5 * 2 ** attempts))
        }
      }
    },
    async nowMs() {
      const sql =
        dialect === 'mysql'
          ? 'SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS ms'
          : "SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) AS ms"
      const [row] = await statements.select<{ ms: string | number }>(null, sql, {})
      return Number(row?.ms)
    },
    async [Symbol.asyncDispose]() {
      await sequelize.close()
      if (dialect === 'sqlite') closeIdleHandles(storage)
    },
  }
}

/** The file holds password hashes and signing secrets: it is for whoever runs the server, as are the files beside it. */
function makePrivate(directory: string, storage: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Only where there is none: closing a file drops all locks that this process holds on it, SQLite's included.
  if (!existsSync(storage)) closeSync(openSync(storage, 'a', 0o600))
  for (const file of [storage, `${storage}-wal`, `${storage}-shm`]) if (existsSync(file)) chmodSync(file, 0o600)
}

const commonOptions = {
  logging: false,
  define: { timestamps: false, underscored: true, freezeTableName: true },
} satisfies Options

function mysqlOptions(config: DatabaseConfig): Options {
  return {
    ...commonOptions,
    dialect: 'mysql',
    timezone: '+00:00',
    pool: { max: config.DB_POOL_MAX, acquire: 20_000, idle: 30_000 },
    dialectOptions: {
      ...{ supportBigNumbers: true, bigNumberStrings: true, charset: 'utf8mb4', connectTimeout: 10_000 },
      // Sequelize turns it off: an UPDATE would count the rows it changed, not those it matched.
      flags: ['FOUND_ROWS'],
    },
  }
}

interface MysqlConnection {
  promise(): { query(sql: string): Promise<unknown> }
}

/** READ COMMITTED takes fewer gap locks; strict mode turns silent truncation into errors. */
async function prepareMysqlSession(connection: unknown): Promise<void> {
  const session = (connection as MysqlConnection).promise()
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  await session.query("SET SESSION sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 10")
}

function createTx(statements: Statements, dialect: Dialect, transaction: Transaction) {
  let ended = false
  const wakes: (() => void)[] = []
  const live = () => {
    if (ended) throw new Error('this transaction has ended')
    return transaction
  }
  const tx: Tx = {
    dialect,
    get handle() {
      return live()
    },
    select: async (sql, replacements = {}) => statements.select(live(), sql, replacements),
    change: async (sql, replacements = {}) => statements.change(live(), sql, replacements),
    insert: async (into, rows) => statements.insert(live(), into, rows),
    afterCommit(wake) {
      live()
      wakes.push(wake)
    },
  }
  const end = () => {
    ended = true
  }
  return { tx, wakes, end }
}

/** A lost connection cannot be rolled back; the server did it already. */
async function rollback(transaction: Transaction): Promise<void> {
  try {
    await transaction.rollback()
  } catch {
    // The failure that brought us here is thrown by the caller; this one adds nothing.
  }
}
