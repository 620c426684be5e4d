import type { Database } from '../../platform/database/database.ts'

interface ColumnInfo {
  name: string
  type: string
  notnull: number
  pk: number
}

/** The tables as the migrations leave them in the embedded database, as Markdown. */
export async function schemaReference(database: Database): Promise<string> {
  const tables = await database.select<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  )
  const sections: string[] = []
  for (const { name } of tables) sections.push(await tableSection(database, name))
  return [
    '# Tables',
    '',
    'Generated from the migrated schema by `npm run reference`; do not edit. Columns that end in `_ms` are milliseconds since 1970 (UTC); columns that end in `minor` are whole minor units.',
    '',
    ...sections,
  ].join('\n')
}

async function tableSection(database: Database, table: string): Promise<string> {
  const columns = await database.select<ColumnInfo>(
    `SELECT name, type, "notnull", pk FROM pragma_table_info('${table}')`,
  )
  const indexes = await database.select<{ name: string; unique: number }>(
    `SELECT name, "unique" FROM pragma_index_list('${table}') ORDER BY name`,
  )
  const triggers = await database.select<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '${table}' ORDER BY name`,
  )
  const named = indexes.filter(({ name }) => !name.startsWith('sqlite_autoindex'))
  const indexLines: string[] = []
  for (const { name, unique } of named) {
    const parts = await database.select<{ name: string }>(
      `SELECT name FROM pragma_index_info('${name}') ORDER BY seqno`,
    )
    indexLines.push(`- \`${name}\`${unique ? ' (unique)' : ''}: ${parts.map((part) => part.name).join(', ')}`)
  }
  return [
    `## ${table}`,
    '',
    '| column | type | |',
    '| --- | --- | --- |',
    ...columns.map(
      ({ name, type, notnull, pk }) => `| ${name} | ${type} | ${pk > 0 ? 'key' : notnull ? '' : 'may be null'} |`,
    ),
    '',
    ...(indexLines.length > 0 ? [...indexLines, ''] : []),
    ...(triggers.length > 0 ? ['Rows are permanent: triggers refuse changes and deletes.', ''] : []),
  ].join('\n')
}
