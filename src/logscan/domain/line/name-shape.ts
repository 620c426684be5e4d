import * as char from './char-codes.ts'

const nameMax = 128

/** A name that was read, and what it looks like; written over by each reading. */
export interface NameShape {
  end: number
  /** Dots, and `::`, between two parts. */
  joints: number
  /** One of the parts begins with a capital. */
  hasCapital: boolean
  /** A capital follows a small letter, or there is a `$`. */
  isCamel: boolean
}

export function emptyName(): NameShape {
  return { end: 0, joints: 0, hasCapital: false, isCamel: false }
}

/** Reads as far as a logger's name may go: `a.b.C$D`, `crate::module`, `pkg/file.go:12`. */
export function readName(text: string, from: number, limit: number, name: NameShape): void {
  const stop = Math.min(limit, from + nameMax)
  let joints = 0
  let hasCapital = false
  let isCamel = false
  let end = from
  // Whether a part begins here, and whether a small letter was before.
  let isStart = true
  let isSmall = false
  for (; end < stop; end++) {
    const code = text.charCodeAt(end)
    if (code >= 97 && code <= 122) {
      isStart = false
      isSmall = true
      continue
    }
    if (char.isUpper(code)) {
      if (isStart) hasCapital = true
      else if (isSmall) isCamel = true
      isStart = false
    } else if (code === char.dot) {
      joints++
      isStart = true
    } else if (code === char.colon) {
      const next = text.charCodeAt(end + 1)
      if (next !== char.colon && !char.isNameChar(next)) break
      if (next === char.colon) joints++
      isStart = true
    } else if (char.isNameChar(code) || code === char.dash || code === char.slash || code === char.at) {
      if (code === 36) isCamel = true
      isStart = false
    } else break
    isSmall = false
  }
  name.end = end
  name.joints = joints
  name.hasCapital = hasCapital
  name.isCamel = isCamel
}

/** Names that end so are what was thrown, not who tells of it. */
export function isFault(text: string, end: number): boolean {
  switch (text.charCodeAt(end - 1)) {
    case 110: // n
      return text.endsWith('Exception', end)
    case 114: // r
      return text.endsWith('Error', end)
    case 101: // e
      return text.endsWith('Throwable', end) || text.endsWith('Failure', end)
    case 116: // t
      return text.endsWith('Fault', end)
    case 103: // g
      return text.endsWith('Warning', end)
    default:
      return false
  }
}
