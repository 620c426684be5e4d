import { createPool, type PoolConnection } from 'mysql2/promise'
import { v7 } from 'uuid'
import { answerParent } from './parent-link.ts'
import { fillIn, type Statement } from './statements.ts'

/** The baseline of the money path: the statements of a traced operation, sent by mysql2 with nothing around it. */
const poolMax = Number(process.env.DB_POOL_MAX ?? 16)
const pool = createPool({
  uri: process.env.MYSQL_URL!,
  connectionLimit: poolMax,
  supportBigNumbers: true,
  bigNumberStrings: true,
  charset: 'utf8mb4',
  timezone: '+00:00',
})
pool.pool.on('connection', (connection) => {
  connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  connection.query("SET SESSION sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 10")
})

type Job = Readonly<Record<string, string>>
type Sending = (connection: PoolConnection, lookUp: (name: string) => string) => Promise<unknown>

interface Replay {
  readonly trace: readonly Statement[]
  readonly jobs: readonly Job[]
  readonly lanes: number
}

/** Each transaction of the trace runs on a connection of its own, which goes back to the pool after it. */
function transactionsOf(trace: readonly Statement[]): Sending[][] {
  const transactions: Sending[][] = []
  for (const { sql, values } of trace) {
    if (sql.startsWith('START TRANSACTION') || transactions.length === 0) transactions.push([])
    const text = fillIn(sql)
    const fillers = values?.map((value) => (typeof value === 'string' ? fillIn(value) : () => value))
    transactions
      .at(-1)!
      .push((connection, lookUp) =>
        fillers === undefined
          ? connection.query(text(lookUp))
          : connection.execute(text(lookUp), fillers.map((fill) => fill(lookUp)) as string[]),
      )
  }
  return transactions
}

async function runOne(transactions: readonly Sending[][], job: Job): Promise<void> {
  const made = new Map<string, string>()
  const lookUp = (name: string) => {
    const value = job[name] ?? made.get(name) ?? v7()
    if (job[name] === undefined) made.set(name, value)
    return value
  }
  for (const statements of transactions) {
    const connection = await pool.getConnection()
    try {
      for (const send of statements) await send(connection, lookUp)
    } finally {
      connection.release()
    }
  }
}

answerParent(
  {
    async replay({ trace, jobs, lanes }: Replay) {
      const transactions = transactionsOf(trace)
      const waiting = jobs.values()
      const cpu = process.cpuUsage()
      const startedAt = performance.now()
      const lane = async () => {
        for (const job of waiting) await runOne(transactions, job)
      }
      await Promise.all(Array.from({ length: lanes }, lane))
      const { user, system } = process.cpuUsage(cpu)
      return { elapsedMs: performance.now() - startedAt, cpuMs: (user + system) / 1000 }
    },
  },
  () => pool.end(),
)
