/** An error in one line, without the code that Node puts before it and the call after it. */
export function describeError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^[A-Z]\w*: /, '').replace(/, \w+(?: '.*')?$/, '')
}
