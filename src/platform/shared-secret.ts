import { randomBytes } from 'node:crypto'
import type { Database } from './database/database.ts'
import { isDuplicate } from './database/failures.ts'

/** A secret that is made once, by whichever node asks first, and is the same for all. */
export async function sharedSecret(database: Database, name: string): Promise<string> {
  const known = await read(database, name)
  if (known !== null) return known
  try {
    await database.transaction((tx) =>
      tx.change('INSERT INTO secrets (name, value) VALUES (:name, :value)', {
        name,
        value: randomBytes(48).toString('base64url'),
      }),
    )
  } catch (error) {
    if (!isDuplicate(error)) throw error
  }
  const secret = await read(database, name)
  if (secret === null) throw new Error(`the secret ${name} could not be kept`)
  return secret
}

async function read(database: Database, name: string): Promise<string | null> {
  const [row] = await database.select<{ value: string }>('SELECT value FROM secrets WHERE name = :name', { name })
  return row?.value ?? null
}
