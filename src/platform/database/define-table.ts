import type { DataType, Model, ModelStatic, Sequelize } from 'sequelize'

/** A model whose rows are made of plain values. */
export type Table<Values extends object> = ModelStatic<Model<Values, Values>>
type ColumnTypes<Values> = { [Name in keyof Values]-?: DataType }

/** A model with the attributes of its values, by their types, and the primary key. */
export function defineTable<Values extends object>(
  sequelize: Sequelize,
  name: string,
  key: readonly (keyof Values & string)[],
  types: ColumnTypes<Values>,
): Table<Values> {
  const attributes = Object.entries(types).map(([attribute, type]) => [
    attribute,
    { type, primaryKey: (key as readonly string[]).includes(attribute) },
  ])
  return sequelize.define<Model<Values, Values>>(name, Object.fromEntries(attributes))
}
