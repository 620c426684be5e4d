import type { Model, ModelAttributeColumnOptions, ModelStatic } from 'sequelize'
import type { Tx } from './database.ts'
import { sendInsert } from './mysql-statements.ts'

type Table<Values extends object> = ModelStatic<Model<Values, Values>>

interface Columns {
  /** Attribute and column name of each. */
  readonly names: readonly (readonly [attribute: string, column: string])[]
  readonly byColumn: Record<string, ModelAttributeColumnOptions>
}

/**
 * Inserts rows through their model's column types. Building a Model instance for each row, only to throw it away, costs
 * a transaction of a few inserts more than its SQL.
 */
export async function insertRows<Values extends object>(
  tx: Tx,
  model: Table<Values>,
  rows: readonly Values[],
): Promise<void> {
  const { sequelize } = model
  if (rows.length === 0 || sequelize === undefined) return
  const { names, byColumn } = columnsOf(model)
  if (tx.dialect === 'mysql') {
    const into = { table: model.tableName, columns: names.map(([, column]) => column) }
    const values = rows.map((row) => names.map(([attribute]) => row[attribute as keyof Values] ?? null))
    await sendInsert(sequelize, tx.handle, into, values)
    return
  }
  const records = rows.map((row) =>
    Object.fromEntries(names.map(([attribute, column]) => [column, row[attribute as keyof Values]])),
  )
  await sequelize.getQueryInterface().bulkInsert(model.getTableName(), records, { transaction: tx.handle }, byColumn)
}

const known = new WeakMap<object, Columns>()

function columnsOf<Values extends object>(model: Table<Values>): Columns {
  const before = known.get(model)
  if (before !== undefined) return before
  const attributes = Object.entries<ModelAttributeColumnOptions>(model.getAttributes())
  const columns: Columns = {
    names: attributes.map(([name, { field = name }]) => [name, field]),
    byColumn: Object.fromEntries(attributes.map(([name, attribute]) => [attribute.field ?? name, attribute])),
  }
  known.set(model, columns)
  return columns
}
