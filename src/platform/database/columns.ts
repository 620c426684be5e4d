import { DataTypes } from 'sequelize'
import type { Dialect } from './database.ts'

/**
 * The column types of the whole schema; migrations and models take them from here. Times are whole milliseconds since
 * 1970 (UTC) in BIGINT columns named `..._ms`: they compare, index and round-trip alike on every dialect.
 */
export const columns = {
  id: (dialect: Dialect) => (dialect === 'mysql' ? 'CHAR(36) CHARACTER SET ascii COLLATE ascii_bin' : 'CHAR(36)'),
  /** Signed 64 bits: amounts in minor units, times in milliseconds. Read as a decimal string. */
  int64: DataTypes.BIGINT,
  int32: DataTypes.INTEGER,
  text: (maxLength: number) => DataTypes.STRING(maxLength),
  /** JSON kept as text, since the dialects' JSON types differ; at most 16 MiB. */
  json: 'MEDIUMTEXT',
  bytes: 'MEDIUMBLOB',
}

/** A BIGINT column as it is read on both dialects. */
export type Int64 = string
