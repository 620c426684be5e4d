import { LRUCache } from 'lru-cache'
import type { Transaction } from 'sequelize'

export type Replacements = Readonly<Record<string, unknown>>

/**
 * Sends SQL of our own to the driver, with `:name` for values and `:names` for lists of them. Sequelize's query object
 * escapes values into the text, takes a stack trace and guesses at the kind of statement, which costs more than the
 * statement does: `npm run bench credits queries` shows it. Failures come out as Sequelize's own.
 */
export interface Statements {
  /** Rows; BIGINT columns are decimal strings. */
  select<R extends object>(transaction: Transaction | null, sql: string, values: Replacements): Promise<R[]>
  /** The number of rows that it matched. */
  change(transaction: Transaction, sql: string, values: Replacements): Promise<number>
  /** Inserts rows of values, in the order of the columns. */
  insert(transaction: Transaction, into: InsertTarget, rows: readonly (readonly unknown[])[]): Promise<void>
}

export interface InsertTarget {
  readonly table: string
  readonly columns: readonly string[]
}

/** A statement in parts: text, then name and text in turn. */
export interface ParsedStatement {
  readonly texts: readonly string[]
  readonly names: readonly string[]
}

const parsed = new LRUCache<string, ParsedStatement>({ max: 1000 })

export function parseStatement(sql: string): ParsedStatement {
  const before = parsed.get(sql)
  if (before !== undefined) return before
  const parts = sql.split(/(?<!:):([A-Za-z]\w*)/)
  const statement = {
    texts: parts.filter((_, index) => index % 2 === 0),
    names: parts.filter((_, index) => index % 2 === 1),
  }
  parsed.set(sql, statement)
  return statement
}

/** Drivers take a value that was forgotten for NULL. */
export function requireValue(values: Replacements, name: string): unknown {
  const value = values[name]
  if (value === undefined) throw new Error(`the statement has no value for :${name}`)
  return value
}
