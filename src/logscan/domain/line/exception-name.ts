import * as char from './char-codes.ts'
import { isFaultName } from './trace-line.ts'

const headMax = 1024

const intros =
  /^(?:Exception in thread "[^"]*" |(?:PHP )?Fatal error: +Uncaught |Uncaught (?:exception: )?|Unhandled exception[.:] |\[)/i

/** `pkg.Type: message`, `Type [CODE]: message`, `Type` alone. */
export function exceptionAtStart(line: string): string | null {
  const text = line.slice(0, headMax).trim().replace(intros, '')
  const name = /^[A-Za-z_][\w$.\\]*/.exec(text)?.[0] ?? ''
  const after = text.slice(name.length, name.length + 2)
  if (!(after === '' || after.startsWith(':') || after === ' [' || after === ' (' || after === ' -')) return null
  const last = lastPart(name)
  const isPath = last.length < name.length && char.isUpper(last.charCodeAt(0)) && after.startsWith(':')
  return isFaultName(last) || isPath ? name : null
}

/** The first word of the line that is an exception's name. */
export function exceptionIn(line: string): string | null {
  for (const [word] of line.slice(0, headMax).matchAll(/[A-Za-z_][\w$.\\]*/g)) {
    const name = word.replace(/\.+$/, '')
    if (isFaultName(lastPart(name))) return name
  }
  return null
}

function lastPart(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('\\')) + 1)
}
