import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { findProgram, type PrivateServer, startPrivateServer } from './private-server.ts'

const user = 'xm'
const password = 'private'

export interface PrivateDatabase extends AsyncDisposable {
  readonly url: string
}

function findMariadb(): { server: string; installer: string } | undefined {
  const server = findProgram('mariadbd', 'mysqld')
  const installer = findProgram('mariadb-install-db', 'mysql_install_db')
  return server && installer ? { server, installer } : undefined
}

export const hasMariadb = (): boolean => findMariadb() !== undefined

/** A MariaDB that is as durable as a real one, with small buffers unless told. Its `url` names no database. */
export async function startPrivateMariadb({ bufferPoolMb = 64 } = {}): Promise<PrivateServer> {
  const programs = findMariadb()
  if (!programs) throw new Error('MariaDB was not found on PATH')
  // The server refuses to run as root unless told so; for others the option must be absent.
  const asUser = process.getuid?.() === 0 ? [`--user=${userInfo().username}`] : []

  return startPrivateServer({
    name: 'mariadb',
    async prepare(directory) {
      const options = ['--no-defaults', `--datadir=${join(directory, 'data')}`, ...asUser]
      const quick = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve']
      await promisify(execFile)(programs.installer, [...options, ...quick], { cwd: directory })
      const account = `'${user}'@'127.0.0.1'`
      const grants = [
        `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}';`,
        `GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION;`,
      ]
      await writeFile(join(directory, 'init.sql'), `${grants.join('\n')}\n`)
    },
    command: (directory, port) => [
      programs.server,
      '--no-defaults',
      ...asUser,
      `--datadir=${join(directory, 'data')}`,
      `--init-file=${join(directory, 'init.sql')}`,
      `--socket=${join(directory, 's')}`,
      // Another server that starts removes what it takes for leftovers of its own from a folder that all share.
      `--tmpdir=${directory}`,
      `--pid-file=${join(directory, 'server.pid')}`,
      `--log-error=${join(directory, 'server.log')}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--skip-name-resolve',
      '--character-set-server=utf8mb4',
      '--innodb-flush-log-at-trx-commit=1',
      `--innodb-buffer-pool-size=${bufferPoolMb}M`,
      '--innodb-log-file-size=48M',
      '--key-buffer-size=1M',
      '--aria-pagecache-buffer-size=1M',
      '--max-connections=300',
    ],
    url: (port) => `mysql://${user}:${password}@127.0.0.1:${port}/`,
    async probe(url) {
      const connection = await createConnection(url)
      await connection.query('SELECT 1')
      await connection.end()
    },
  })
}

/** A fresh database on the server, dropped at disposal. */
export async function createDatabase(serverUrl: string): Promise<PrivateDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await run(serverUrl, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  return {
    url: new URL(name, serverUrl).href,
    [Symbol.asyncDispose]: () => run(serverUrl, `DROP DATABASE IF EXISTS ${name}`),
  }
}

async function run(serverUrl: string, sql: string): Promise<void> {
  const connection = await createConnection(serverUrl)
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}
