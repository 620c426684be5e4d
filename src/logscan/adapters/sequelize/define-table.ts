import type { DataType, Model, ModelStatic, Sequelize } from 'sequelize'

export type Table<Values extends object> = ModelStatic<Model<Values, Values>>
type ColumnTypes<Values> = { [Name in keyof Values]-?: DataType }

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
