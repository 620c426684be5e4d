import { createRequire } from 'node:module'
import type { Sequelize, Transaction } from 'sequelize'
import { createBreather } from '../event-loop.ts'
import { type LibsqlConnection, withIdleHandle } from './libsql-driver.ts'
import { parseStatement, type Replacements, requireValue, type Statements } from './statements.ts'

interface FailureFormatter {
  formatError(error: unknown, stack: string | undefined): Error
}
type QueryClass = new (connection: unknown, sequelize: Sequelize, options: object) => FailureFormatter

const SqliteQuery = createRequire(import.meta.url)('sequelize/lib/dialects/sqlite/query') as QueryClass

/**
 * Statements straight over libsql, which prepares each text once and answers before it returns. Outside of a transaction a
 * read has a handle of its own.
 */
export function sqliteStatements(sequelize: Sequelize, filename: string): Statements {
  const breathe = createBreather()

  function run(transaction: Transaction | null, sql: string, values: readonly unknown[]) {
    try {
      if (transaction === null) return withIdleHandle(filename, (handle) => handle.execute(sql, values))
      const { connection } = transaction as unknown as { readonly connection: LibsqlConnection }
      return connection.handle.execute(sql, values)
    } catch (error) {
      throw new SqliteQuery(null, sequelize, {}).formatError(error, error instanceof Error ? error.stack : undefined)
    }
  }

  function runNamed(transaction: Transaction | null, sql: string, replacements: Replacements) {
    const { texts, names } = parseStatement(sql)
    const values: unknown[] = []
    let text = texts[0] ?? ''
    for (const [index, name] of names.entries()) {
      const value = requireValue(replacements, name)
      if (Array.isArray(value)) {
        values.push(...value)
        text += value.map(() => '?').join(', ')
      } else {
        values.push(value)
        text += '?'
      }
      text += texts[index + 1]
    }
    return run(transaction, text, values)
  }

  return {
    async select<R extends object>(transaction: Transaction | null, sql: string, values: Replacements) {
      await breathe()
      return runNamed(transaction, sql, values).rows as R[]
    },
    async change(transaction, sql, values) {
      await breathe()
      return runNamed(transaction, sql, values).changes
    },
    async insert(transaction, { table, columns }, rows) {
      const names = columns.map((column) => `\`${column}\``).join(', ')
      const places = `(${columns.map(() => '?').join(', ')})`
      // One by one: a text per number of rows would be prepared again and again, and there is no round trip to save.
      for (const row of rows) run(transaction, `INSERT INTO \`${table}\` (${names}) VALUES ${places}`, row)
    },
  }
}
