import { getSystemErrorMap } from 'node:util'

/** An error in one line: of a call to the system what the system says, without the code, the call and the path. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno } = error as NodeJS.ErrnoException
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? error.message
}
