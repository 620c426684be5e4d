import type { Dialect, Tx } from './database.ts'
import type { Table } from './define-table.ts'
import { columnsOf } from './insert.ts'

/** What becomes of a column of a row that is there already. */
export type Meeting = 'add' | 'least' | 'greatest' | 'replace'
export type Meetings<Values> = Partial<Record<keyof Values & string, Meeting>>

/**
 * Inserts rows, and merges those whose key is there already into the row that is. On MySQL that is one statement, which locks
 * the rows in the order given; the caller keeps to one order.
 */
export async function upsertRows<Values extends object>(
  tx: Tx,
  model: Table<Values>,
  rows: readonly Values[],
  meetings: Meetings<Values>,
): Promise<void> {
  if (rows.length === 0) return
  const { attributes, columns, keys } = columnsOf(model)
  const merges = attributes.flatMap((attribute, index) => {
    const meeting = meetings[attribute as keyof Values & string]
    const column = columns[index] as string
    return meeting === undefined ? [] : [`\`${column}\` = ${merged(tx.dialect, column, meeting)}`]
  })
  const values = rows.map((row) => attributes.map((attribute) => row[attribute as keyof Values] ?? null))
  const into = `INSERT INTO \`${model.tableName}\` (${columns.map((column) => `\`${column}\``).join(', ')})`
  if (tx.dialect === 'mysql') {
    await tx.change(`${into} VALUES :values ON DUPLICATE KEY UPDATE ${merges.join(', ')}`, { values })
    return
  }
  const places = columns.map((_, index) => `:value${index}`).join(', ')
  const sql = `${into} VALUES (${places}) ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${merges.join(', ')}`
  // One by one, as all inserts here: a text per number of rows would be prepared again and again.
  for (const row of values) {
    const named = row.map((value, index) => [`value${index}`, value] as const)
    await tx.change(sql, Object.fromEntries(named))
  }
}

function merged(dialect: Dialect, column: string, meeting: Meeting): string {
  const old = `\`${column}\``
  const given = dialect === 'mysql' ? `VALUES(${old})` : `excluded.${old}`
  switch (meeting) {
    case 'add':
      return `${old} + ${given}`
    case 'least':
      return `${dialect === 'mysql' ? 'LEAST' : 'MIN'}(${old}, ${given})`
    case 'greatest':
      return `${dialect === 'mysql' ? 'GREATEST' : 'MAX'}(${old}, ${given})`
    case 'replace':
      return given
  }
}
