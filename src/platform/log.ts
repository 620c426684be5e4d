import { type DestinationStream, type Logger, pino } from 'pino'
import { build as prettyStream } from 'pino-pretty'
import type { Config } from './config.ts'

export type { Logger } from 'pino'

const secretKeys = [
  'password',
  'currentPassword',
  'newPassword',
  'accessToken',
  'refreshToken',
  'token',
  'secret',
  'recoveryCodes',
  'authorization',
  'cookie',
  'signature',
]

interface ErrorLike {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: unknown
  readonly parent?: { readonly code?: unknown }
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** What the log says of an error. A driver's error carries its SQL with all values: those stay out. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, code, parent, cause, errors } = error as ErrorLike
  return {
    ...{ type: name, message, code: code ?? parent?.code, stack },
    ...(cause !== undefined && { cause: describeError(cause) }),
    ...(errors !== undefined && { errors: errors.slice(0, 5).map(describePart) }),
  }
}

/** A part that is no error is Sequelize's word on one column, and holds the whole row. */
function describePart(part: unknown): unknown {
  if (part instanceof Error || typeof part !== 'object' || part === null) return describeError(part)
  const { message, path } = part as { readonly message?: unknown; readonly path?: unknown }
  return { message, path }
}

/** The root logger. Values under secret names, up to three levels deep, never reach the output. */
export function createLogger(
  config: Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT'>,
  destination?: DestinationStream,
): Logger {
  const pretty = config.LOG_FORMAT === 'pretty' || (config.LOG_FORMAT === 'auto' && process.stdout.isTTY === true)
  return pino(
    {
      level: config.LOG_LEVEL,
      base: null,
      serializers: { err: describeError },
      redact: {
        paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: '[redacted]',
      },
    },
    destination ??
      (pretty
        ? prettyStream({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
        : pino.destination({ sync: true })),
  )
}
