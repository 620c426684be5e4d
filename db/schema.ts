import type { ModelAttributeColumnOptions, ModelAttributes } from 'sequelize'
import type { MigrationContext } from '../src/platform/database/migrate.ts'

/** Creates a table whose text compares by its bytes on every dialect. */
export async function createTable(
  { schema }: MigrationContext,
  name: string,
  attributes: ModelAttributes,
): Promise<void> {
  await schema.createTable(name, attributes, { charset: 'utf8mb4', collate: 'utf8mb4_bin', engine: 'InnoDB' })
}

/** Every step of the schema may be run again from its beginning: MySQL keeps what was done before a failure. */
export async function addIndex(
  { schema }: MigrationContext,
  table: string,
  fields: readonly string[],
  options: { readonly name: string; readonly unique?: boolean },
): Promise<void> {
  const indexes = (await schema.showIndex(table)) as readonly { readonly name: string }[]
  if (!indexes.some(({ name }) => name === options.name)) await schema.addIndex(table, [...fields], options)
}

export async function removeIndex({ schema }: MigrationContext, table: string, index: string): Promise<void> {
  const indexes = (await schema.showIndex(table)) as readonly { readonly name: string }[]
  if (indexes.some(({ name }) => name === index)) await schema.removeIndex(table, index)
}

export async function addColumn(
  { schema }: MigrationContext,
  table: string,
  name: string,
  attribute: ModelAttributeColumnOptions,
): Promise<void> {
  const columns = await schema.describeTable(table)
  if (columns[name] === undefined) await schema.addColumn(table, name, attribute)
}

/** Makes rows of a table permanent: no delete, and no change of the named columns, whoever asks. */
export async function forbidChanges(
  { dialect, run }: MigrationContext,
  table: string,
  names: readonly string[],
): Promise<void> {
  for (const trigger of [`${table}_no_update`, `${table}_no_delete`]) await run(`DROP TRIGGER IF EXISTS ${trigger}`)
  if (dialect === 'sqlite') {
    const refuse = `BEGIN SELECT RAISE(ABORT, '${table} rows are permanent'); END`
    await run(`CREATE TRIGGER ${table}_no_update BEFORE UPDATE OF ${names.join(', ')} ON ${table} ${refuse}`)
    await run(`CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} ${refuse}`)
    return
  }
  const refuse = `SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${table} rows are permanent'`
  const changed = names.map((name) => `NOT (OLD.${name} <=> NEW.${name})`).join(' OR ')
  await run(
    `CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table} FOR EACH ROW IF ${changed} THEN ${refuse}; END IF`,
  )
  await run(`CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table} FOR EACH ROW ${refuse}`)
}
