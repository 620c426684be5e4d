import { setTimeout as pause } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'

/**
 * `before commit`: the transaction is lost; `after commit`: it is kept and its caller never hears so;
 * `connection killed`: the server drops every connection just before the commit.
 */
export type Fault = 'before commit' | 'after commit' | 'connection killed'

/** A database of the product that fails at a commit of our choice. */
export async function openFaultyDatabase(env: Readonly<Record<string, string>>) {
  let armed: { fault: Fault; commitsLeft: number } | null = null
  let strikes = 0
  let current = await open()

  function open(): Promise<Database> {
    return openDatabase(readConfig({ DB_TRANSACTION_ATTEMPTS_MAX: '3', ...env }), {
      async beforeCommit() {
        if (armed === null) return
        armed.commitsLeft--
        if (armed.commitsLeft > 0 || armed.fault === 'after commit') return
        const { fault } = armed
        strike()
        if (fault === 'connection killed' && env.MYSQL_URL !== undefined) await killConnections(env.MYSQL_URL)
        else throw new Error('a fault of the test, before the commit')
      },
      async afterCommit() {
        if (armed?.fault !== 'after commit' || armed.commitsLeft > 0) return
        strike()
        throw new Error('a fault of the test, after the commit')
      },
    })
  }

  function strike() {
    armed = null
    strikes++
  }

  return {
    current: () => current,
    strikes: () => strikes,
    arm(fault: Fault, commitsLeft: number) {
      armed = { fault, commitsLeft }
    },
    /** What a process that died and started again works with. */
    async reopen() {
      await current[Symbol.asyncDispose]()
      current = await open()
    },
    [Symbol.asyncDispose]: () => current[Symbol.asyncDispose](),
  }
}

/** Ends every other connection to the database, whatever it is doing. */
export async function killConnections(mysqlUrl: string): Promise<void> {
  const connection = await createConnection(mysqlUrl)
  try {
    const [rows] = await connection.query(
      'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
    )
    for (const { id } of rows as { id: number }[])
      await connection.query(`KILL CONNECTION ${id}`).catch(() => undefined)
  } finally {
    await connection.end()
  }
  // Until the pool has heard of it, it would hand out dead connections.
  await pause(50)
}
