import { BaseError, ConnectionError, type DatabaseError, TimeoutError, UniqueConstraintError } from 'sequelize'

const transientCodes = new Set([
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD',
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
])
const lostCodes = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ER_SERVER_SHUTDOWN',
])

function driverCode(error: unknown): string | undefined {
  if (!(error instanceof BaseError)) return undefined
  const driver = (error as DatabaseError).parent as { code?: unknown } | undefined
  return typeof driver?.code === 'string' ? driver.code : undefined
}

/** Whether the same transaction may well succeed when it is run again. */
export function isTransient(error: unknown): boolean {
  return error instanceof TimeoutError || transientCodes.has(driverCode(error) ?? '')
}

/** Whether a row with the same unique key exists already. */
export function isDuplicate(error: unknown): boolean {
  // Sequelize takes what a trigger of SQLite refuses for one, too.
  return error instanceof UniqueConstraintError && driverCode(error) !== 'SQLITE_CONSTRAINT_TRIGGER'
}

/** Whether the database cannot be reached at all, or was lost on the way. */
export function isOutOfReach(error: unknown): boolean {
  return error instanceof ConnectionError || lostCodes.has(driverCode(error) ?? '')
}
