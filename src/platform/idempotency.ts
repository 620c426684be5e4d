import { createHash } from 'node:crypto'
import { DataTypes, type Model } from 'sequelize'
import { assert } from '../kernel/assert.ts'
import type { Clock } from '../kernel/clock.ts'
import { DomainError } from '../kernel/errors.ts'
import { columns, type Int64 } from './database/columns.ts'
import type { Database, Reader, Tx } from './database/database.ts'
import { isDuplicate } from './database/failures.ts'
import { insertRows } from './database/insert.ts'

/** Identifies one command of one actor. Keys of money never expire. */
export interface IdempotencyScope {
  readonly actorId: string
  readonly command: string
  readonly key: string
}

export interface Idempotency {
  /**
   * Claims the key in the transaction for a result that is about to be made. Returns null when the key is new, or the
   * id of the first result. Throws `idempotency.mismatch` when the key was used with another input.
   */
  claim(tx: Tx, scope: IdempotencyScope, input: unknown, resultId: string): Promise<string | null>
  /** The same without claiming a key that is new. */
  find(reader: Reader, scope: IdempotencyScope, input: unknown): Promise<string | null>
}

interface KeyRow {
  actorId: string
  command: string
  idempotencyKey: string
  inputHash: string
  resultId: string
  createdAtMs: Int64 | number
}

export function createIdempotency({ database, clock }: { database: Database; clock: Clock }): Idempotency {
  const keys = database.sequelize.define<Model<KeyRow, KeyRow>>('idempotency_keys', {
    actorId: { type: DataTypes.CHAR(36), primaryKey: true },
    command: { type: columns.text(40), primaryKey: true },
    idempotencyKey: { type: columns.text(128), primaryKey: true },
    inputHash: DataTypes.CHAR(64),
    resultId: DataTypes.CHAR(36),
    createdAtMs: columns.int64,
  })

  async function find(reader: Reader, { actorId, command, key }: IdempotencyScope, input: unknown) {
    const [first] = await reader.select<{ input_hash: string; result_id: string }>(
      'SELECT input_hash, result_id FROM idempotency_keys WHERE actor_id = :actorId AND command = :command AND idempotency_key = :key',
      { actorId, command, key },
    )
    if (first === undefined) return null
    if (first.input_hash !== hashOf(input))
      throw new DomainError('idempotency.mismatch', 'conflict', { field: 'idempotencyKey' })
    return first.result_id
  }

  return {
    find,
    async claim(tx, scope, input, resultId) {
      const { actorId, command, key } = scope
      const createdAtMs = clock.now().getTime()
      try {
        await insertRows(tx, keys, [
          { actorId, command, idempotencyKey: key, inputHash: hashOf(input), resultId, createdAtMs },
        ])
        return null
      } catch (error) {
        if (!isDuplicate(error)) throw error
      }
      const first = await find(tx, scope, input)
      assert(first !== null, `the key ${key} of ${actorId} is taken, so it has a row`)
      return first
    },
  }
}

function hashOf(input: unknown): string {
  return createHash('sha256').update(canonicalJson(input)).digest('hex')
}

/** JSON with sorted names, so that equal inputs have equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part === 'bigint') return part.toString()
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
