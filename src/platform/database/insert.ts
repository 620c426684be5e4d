import type { ModelAttributeColumnOptions } from 'sequelize'
import type { Tx } from './database.ts'
import type { Table } from './define-table.ts'

/**
 * Inserts rows by their model's columns. Building a Model instance for each row, only to throw it away, costs a
 * transaction of a few inserts more than its SQL.
 */
export async function insertRows<Values extends object>(
  tx: Tx,
  model: Table<Values>,
  rows: readonly Values[],
): Promise<void> {
  if (rows.length === 0) return
  const { attributes, columns } = columnsOf(model)
  const values = rows.map((row) => attributes.map((attribute) => row[attribute as keyof Values] ?? null))
  await tx.insert({ table: model.tableName, columns }, values)
}

interface Columns {
  readonly attributes: readonly string[]
  readonly columns: readonly string[]
  /** Those of the primary key. */
  readonly keys: readonly string[]
}

const known = new WeakMap<object, Columns>()

/** A model's attributes, and the columns they have in the table, in one order. */
export function columnsOf<Values extends object>(model: Table<Values>): Columns {
  const before = known.get(model)
  if (before !== undefined) return before
  const entries = Object.entries<ModelAttributeColumnOptions>(model.getAttributes())
  const found = {
    attributes: entries.map(([name]) => name),
    columns: entries.map(([name, { field = name }]) => field),
    keys: entries.filter(([, { primaryKey }]) => primaryKey).map(([name, { field = name }]) => field),
  }
  known.set(model, found)
  return found
}
