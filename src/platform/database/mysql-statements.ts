import { createRequire } from 'node:module'
import { LRUCache } from 'lru-cache'
import type { Sequelize, Transaction } from 'sequelize'

type Replacements = Readonly<Record<string, unknown>>

/** What we use of mysql2's connection, which Sequelize pools. */
interface Connection {
  query(statement: Statement, done: (error: Error | null, result: unknown) => void): unknown
}

type Statement =
  | { readonly sql: string; readonly values: Replacements; readonly namedPlaceholders: true }
  | { readonly sql: string; readonly values: readonly unknown[] }

/** The part of Sequelize's connection manager that hands out pooled connections; its types leave them opaque. */
interface ConnectionManager {
  getConnection(options: { type: 'read' }): Promise<Connection>
  releaseConnection(connection: Connection): void
}

interface FailureFormatter {
  formatError(error: Error, stack: string | undefined): Error
}

type QueryClass = new (connection: Connection, sequelize: Sequelize, options: object) => FailureFormatter

const MysqlQuery = createRequire(import.meta.url)('sequelize/lib/dialects/mysql/query') as QueryClass

/**
 * Sends SQL straight to mysql2 over Sequelize's connection: its query object, stack trace and escaping cost more per
 * statement than the statement does. `npm run bench credits` shows it. Failures come out as Sequelize's own.
 */
export function sendNamed<T>(
  sequelize: Sequelize,
  transaction: Transaction | null,
  sql: string,
  values: Replacements,
): Promise<T> {
  requireValues(sql, values)
  return send(sequelize, transaction, { sql, values, namedPlaceholders: true })
}

const namesBySql = new LRUCache<string, readonly string[]>({ max: 1000 })

/** The driver takes a value that was forgotten for NULL. */
function requireValues(sql: string, values: Replacements): void {
  let names = namesBySql.get(sql)
  if (names === undefined) {
    names = [...sql.matchAll(/(?<!:):([A-Za-z]\w*)/g)].flatMap(([, name]) => name ?? [])
    namesBySql.set(sql, names)
  }
  for (const name of names) if (values[name] === undefined) throw new Error(`the statement has no value for :${name}`)
}

/** Inserts rows of values, in the order of the columns. */
export function sendInsert(
  sequelize: Sequelize,
  transaction: Transaction,
  into: { readonly table: string; readonly columns: readonly string[] },
  rows: readonly (readonly unknown[])[],
): Promise<unknown> {
  const columns = into.columns.map((column) => `\`${column}\``).join(', ')
  return send(sequelize, transaction, { sql: `INSERT INTO \`${into.table}\` (${columns}) VALUES ?`, values: [rows] })
}

async function send<T>(sequelize: Sequelize, transaction: Transaction | null, statement: Statement): Promise<T> {
  if (transaction !== null)
    return sendOver(sequelize, (transaction as unknown as { connection: Connection }).connection, statement)
  const manager = sequelize.connectionManager as unknown as ConnectionManager
  const connection = await manager.getConnection({ type: 'read' })
  try {
    return await sendOver<T>(sequelize, connection, statement)
  } finally {
    manager.releaseConnection(connection)
  }
}

function sendOver<T>(sequelize: Sequelize, connection: Connection, statement: Statement): Promise<T> {
  return new Promise((resolve, reject) => {
    connection.query(statement, (error, result) => {
      if (error === null) resolve(result as T)
      else reject(new MysqlQuery(connection, sequelize, {}).formatError(error, error.stack))
    })
  })
}
