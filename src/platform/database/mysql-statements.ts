import { createRequire } from 'node:module'
import type { Sequelize, Transaction } from 'sequelize'
import { parseStatement, type Replacements, requireValue, type Statements } from './statements.ts'

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

/** Statements straight over mysql2, on the connections that Sequelize pools. */
export function mysqlStatements(sequelize: Sequelize): Statements {
  const named = async <T>(transaction: Transaction | null, sql: string, values: Replacements) => {
    for (const name of parseStatement(sql).names) requireValue(values, name)
    return send<T>(sequelize, transaction, { sql, values, namedPlaceholders: true })
  }
  return {
    select: <R extends object>(transaction: Transaction | null, sql: string, values: Replacements) =>
      named<R[]>(transaction, sql, values),
    async change(transaction, sql, values) {
      const { affectedRows } = await named<{ affectedRows: number }>(transaction, sql, values)
      return affectedRows
    },
    async insert(transaction, { table, columns }, rows) {
      const names = columns.map((column) => `\`${column}\``).join(', ')
      await send(sequelize, transaction, { sql: `INSERT INTO \`${table}\` (${names}) VALUES ?`, values: [rows] })
    },
  }
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
