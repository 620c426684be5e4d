import type { Database } from '../../src/platform/database/database.ts'

/** One statement as the driver got it; `values` are those of a prepared statement. */
export interface Statement {
  readonly sql: string
  readonly values: readonly unknown[] | null
}

type Send = (this: object, sql: string | { sql: string }, ...rest: unknown[]) => unknown

/** What `work` sent to MySQL, with each value of the job it returns replaced by its name, see fillIn. */
export async function traceStatements(
  database: Database,
  work: () => Promise<Readonly<Record<string, string>>>,
): Promise<Statement[]> {
  const sent: Statement[] = []
  const driver = await driverOf(database)
  const { query, execute } = driver
  driver.query = function (sql, ...rest) {
    const command = query.call(this, sql, ...rest) as { sql: string }
    // With its values put in by the driver.
    sent.push({ sql: command.sql, values: null })
    return command
  }
  driver.execute = function (sql, ...rest) {
    sent.push({ sql: typeof sql === 'string' ? sql : sql.sql, values: Array.isArray(rest[0]) ? [...rest[0]] : [] })
    return execute.call(this, sql, ...rest)
  }
  try {
    const job = await work()
    return withNames(sent, job)
  } finally {
    Object.assign(driver, { query, execute })
  }
}

/** Every connection shares its methods with this one. */
async function driverOf({ sequelize }: Database): Promise<{ query: Send; execute: Send }> {
  const connections = sequelize.connectionManager
  const connection = (await connections.getConnection({ type: 'write' })) as object
  connections.releaseConnection(connection)
  return Object.getPrototypeOf(connection)
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Ids that are not the job's were made on the way: a replay makes its own. */
function withNames(statements: readonly Statement[], job: Readonly<Record<string, string>>): Statement[] {
  const known = Object.entries(job).sort(([, a], [, b]) => b.length - a.length)
  const made = new Map<string, string>()
  const named = (text: string) =>
    known
      .reduce((sofar, [name, value]) => sofar.replaceAll(value, `{{${name}}}`), text)
      .replace(uuid, (id) => {
        if (!made.has(id)) made.set(id, `{{new${made.size}}}`)
        return made.get(id)!
      })
  return statements.map(({ sql, values }) => ({
    sql: named(sql),
    values: values === null ? null : values.map((value) => (typeof value === 'string' ? named(value) : value)),
  }))
}

export type FilledIn = (lookUp: (name: string) => string) => string

/** Makes the function that puts values where the names stand. */
export function fillIn(text: string): FilledIn {
  const parts = text.split(/\{\{(\w+)\}\}/)
  if (parts.length === 1) return () => text
  return (lookUp) => {
    let filled = parts[0]!
    for (let index = 1; index < parts.length; index += 2) filled += lookUp(parts[index]!) + parts[index + 1]!
    return filled
  }
}
