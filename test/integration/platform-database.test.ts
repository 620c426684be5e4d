import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TimeoutError } from 'sequelize'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/platform/config.ts'
import { type Database, openDatabase, type Tx } from '../../src/platform/database/database.ts'
import { isDuplicate } from '../../src/platform/database/failures.ts'
import { backends, type OpenBackend } from '../support/backends.ts'

describe.each(backends)('$name', (backend) => {
  let opened: OpenBackend
  let database: Database

  beforeAll(async () => {
    opened = await backend.open()
    database = await openDatabase(readConfig({ ...opened.env, DB_TRANSACTION_ATTEMPTS_MAX: '3' }))
    await database.sequelize.query('CREATE TABLE things (name VARCHAR(20) PRIMARY KEY, amount BIGINT NOT NULL)')
    await database.sequelize.query("INSERT INTO things VALUES ('a', 0), ('b', 0)")
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  const raise = (tx: Tx, name: string) =>
    tx.change('UPDATE things SET amount = amount + 1 WHERE name = :name', { name })
  const amountOf = async (name: string) =>
    (await database.select<{ amount: string }>('SELECT amount FROM things WHERE name = :name', { name }))[0]?.amount

  describe('a transaction', () => {
    it('commits what it did, and counts the rows it matched', async () => {
      const before = BigInt((await amountOf('a'))!)
      expect(await database.transaction((tx) => raise(tx, 'a'))).toBe(1)
      expect(await database.transaction((tx) => raise(tx, 'nothing'))).toBe(0)
      expect(BigInt((await amountOf('a'))!)).toBe(before + 1n)
    })

    it('counts a matched row that did not change', async () => {
      expect(await database.transaction((tx) => tx.change("UPDATE things SET amount = amount WHERE name = 'a'"))).toBe(
        1,
      )
    })

    it('leaves nothing behind when it fails', async () => {
      const before = await amountOf('a')
      const failing = database.transaction(async (tx) => {
        await raise(tx, 'a')
        throw new Error('of no use')
      })
      await expect(failing).rejects.toThrow('of no use')
      expect(await amountOf('a')).toBe(before)
    })

    it.each(['committed', 'failed'])('that has %s cannot be used any more', async (end) => {
      let kept: Tx | undefined
      const ending = database.transaction(async (tx) => {
        kept = tx
        if (end === 'failed') throw new Error('it failed')
      })
      await ending.catch(() => undefined)
      const ended = 'this transaction has ended'
      expect(() => kept!.handle).toThrow(ended)
      expect(() => kept!.afterCommit(() => undefined)).toThrow(ended)
      await expect((async () => kept!.select('SELECT 1 AS one'))()).rejects.toThrow(ended)
      await expect(kept!.change('UPDATE things SET amount = 0')).rejects.toThrow(ended)
    })

    it('wakes others after its commit, and not after its failure', async () => {
      const woken: string[] = []
      await database.transaction(async (tx) => tx.afterCommit(() => void woken.push('committed')))
      const failing = database.transaction(async (tx) => {
        tx.afterCommit(() => void woken.push('failed'))
        throw new Error('it failed')
      })
      await failing.catch(() => undefined)
      expect(woken).toEqual(['committed'])
    })

    it('is run again where that may help, so many times and no more', async () => {
      let attempts = 0
      const waiting = database.transaction(async () => {
        attempts++
        throw new TimeoutError(new Error('a lock was not had') as never)
      })
      await expect(waiting).rejects.toBeInstanceOf(TimeoutError)
      expect(attempts).toBe(3)
    })

    it('is not run again for any other failure', async () => {
      let attempts = 0
      const failing = database.transaction(async (tx) => {
        attempts++
        await tx.select('SELECT name FROM nowhere')
      })
      await expect(failing).rejects.toThrow(/nowhere/)
      expect(attempts).toBe(1)
    })

    it('adds up, however many run at once', async () => {
      const before = BigInt((await amountOf('b'))!)
      await Promise.all(Array.from({ length: 40 }, () => database.transaction((tx) => raise(tx, 'b'))))
      expect(BigInt((await amountOf('b'))!)).toBe(before + 40n)
    })
  })

  it.runIf(backend.name !== 'embedded')('two transactions that deadlock both come through', async () => {
    const before = [BigInt((await amountOf('a'))!), BigInt((await amountOf('b'))!)]
    let attempts = 0
    let arrived = 0
    let meet = () => {}
    const met = new Promise<void>((resolve) => {
      meet = resolve
    })
    const cross = (first: string, second: string) =>
      database.transaction(async (tx) => {
        attempts++
        await raise(tx, first)
        // Each holds its first row before either asks for its second.
        if (++arrived === 2) meet()
        await met
        await raise(tx, second)
      })
    await Promise.all([cross('a', 'b'), cross('b', 'a')])
    expect(attempts).toBeGreaterThan(2)
    expect([BigInt((await amountOf('a'))!), BigInt((await amountOf('b'))!)]).toEqual(before.map((n) => n + 2n))
  })

  describe('a row that is refused', () => {
    const refusalOf = (sql: string) =>
      database
        .transaction((tx) => tx.change(sql))
        .then(
          () => null,
          (error: unknown) => error,
        )

    it('is a duplicate where its key is there already', async () => {
      const refusal = await refusalOf("INSERT INTO things VALUES ('a', 1)")
      expect([refusal !== null, isDuplicate(refusal)]).toEqual([true, true])
    })

    it('is no duplicate where a trigger refuses it, whatever that says', async () => {
      const text = 'UNIQUE constraint failed: things.name'
      await database.sequelize.query(
        backend.name === 'embedded'
          ? `CREATE TRIGGER things_stay BEFORE DELETE ON things BEGIN SELECT RAISE(ABORT, '${text}'); END`
          : `CREATE TRIGGER things_stay BEFORE DELETE ON things FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${text}'`,
      )
      const refusal = await refusalOf("DELETE FROM things WHERE name = 'a'")
      await database.sequelize.query('DROP TRIGGER things_stay')
      expect(refusal).toBeInstanceOf(Error)
      expect(isDuplicate(refusal)).toBe(false)
    })
  })

  describe('a statement', () => {
    const one = <R extends object>(sql: string, values: Record<string, unknown>) => database.select<R>(sql, values)

    it('takes lists, and text that looks like more of it', async () => {
      const names = ['a', "b' OR '1'='1", ':amount', 'b']
      const found = await one<{ name: string }>('SELECT name FROM things WHERE name IN (:names) ORDER BY name', {
        names,
      })
      expect(found.map(({ name }) => name)).toEqual(['a', 'b'])
      const [row] = await one<{ said: string }>('SELECT :said AS said', { said: "it's ? :said \\" })
      expect(row?.said).toBe("it's ? :said \\")
    })

    it.each([0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n)])(
      'keeps %s to the digit',
      async (amount) => {
        await database.transaction((tx) => tx.change("UPDATE things SET amount = :amount WHERE name = 'b'", { amount }))
        expect(await amountOf('b')).toBe(String(amount))
      },
    )

    it('that lacks a value is refused, not taken for NULL', async () => {
      await expect(one('SELECT name FROM things WHERE name = :name', {})).rejects.toThrow('no value for :name')
    })

    it('and many after it leave room for what else this process does', async () => {
      let turns = 0
      const ticking = setInterval(() => turns++, 1)
      const endMs = performance.now() + 300
      while (performance.now() < endMs) await one('SELECT name FROM things', {})
      clearInterval(ticking)
      expect(turns).toBeGreaterThan(5)
    })
  })

  it.runIf(backend.name === 'embedded')('keeps its file to whoever runs the server', async () => {
    await using fresh = await backend.open()
    const directory = join(fresh.env.DATA_DIR!, 'new')
    await mkdir(directory, { mode: 0o755 })
    await writeFile(join(directory, 'xm.sqlite'), '', { mode: 0o644 })
    await using other = await openDatabase(readConfig({ DATA_DIR: directory }))
    await other.transaction((tx) => tx.change('CREATE TABLE things (name TEXT)'))
    const files = (await readdir(directory)).filter((name) => name.startsWith('xm.sqlite'))
    expect(files.length).toBeGreaterThan(1)
    for (const file of files) expect([file, (await stat(join(directory, file))).mode & 0o077]).toEqual([file, 0])
    await using unmade = await openDatabase(readConfig({ DATA_DIR: join(directory, 'below') }))
    expect(unmade.dialect).toBe('sqlite')
    expect((await stat(join(directory, 'below'))).mode & 0o077).toBe(0)
  })

  it('tells the time in milliseconds, as this machine does', async () => {
    expect(Math.abs((await database.nowMs()) - Date.now())).toBeLessThan(2_000)
  })
})
