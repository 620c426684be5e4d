import type { Database } from '../../src/platform/database/database.ts'

type Send = (this: object, statement: unknown, ...rest: unknown[]) => unknown

/** Every statement that `work` sends to MySQL, with its values in place. */
export async function sentStatements(database: Database, work: () => Promise<unknown>): Promise<string[]> {
  const { connectionManager } = database.sequelize
  const connection = (await connectionManager.getConnection({ type: 'write' })) as object
  connectionManager.releaseConnection(connection)
  // Every connection of the pool shares its methods.
  const driver = Object.getPrototypeOf(connection) as { query: Send }
  const { query } = driver
  const sent: string[] = []
  driver.query = function (statement, ...rest) {
    const command = query.call(this, statement, ...rest) as { sql: string }
    sent.push(command.sql)
    return command
  }
  try {
    await work()
    return sent
  } finally {
    driver.query = query
  }
}
