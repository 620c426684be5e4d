/** Codes are read with charCodeAt, which gives NaN past the end: every test here is false for it. */

export const tab = 9
export const space = 32
export const quote = 34
export const hash = 35
export const comma = 44
export const dash = 45
export const dot = 46
export const slash = 47
export const colon = 58
export const equals = 61
export const at = 64
export const openBracket = 91
export const backslash = 92
export const closeBracket = 93
export const pipe = 124

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

export function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
}

export function isUpper(code: number): boolean {
  return code >= 65 && code <= 90
}

export function isBlank(code: number): boolean {
  return code === space || code === tab
}

/** Letters, digits, `_` and `$`: what identifiers are made of. */
export function isNameChar(code: number): boolean {
  return code < 128 && nameChars[code] === 1
}

const nameChars = new Uint8Array(128)
for (let code = 0; code < 128; code++)
  nameChars[code] = Number(isLetter(code) || isDigit(code) || code === 95 || code === 36)

/** Where the run of blanks ends. */
export function skipBlanks(text: string, from: number, end: number): number {
  let next = from
  while (next < end && isBlank(text.charCodeAt(next))) next++
  return next
}

/** Where the word ends: at a blank, or at the end. */
export function wordEnd(text: string, from: number, end: number): number {
  let next = from
  while (next < end && !isBlank(text.charCodeAt(next))) next++
  return next
}

/** Where the run of digits ends. */
export function digitsEnd(text: string, from: number, end: number): number {
  let next = from
  while (next < end && isDigit(text.charCodeAt(next))) next++
  return next
}

/** The value of exactly two digits, or -1: an integer in any case, which V8 keeps unboxed. */
export function twoDigits(text: string, from: number): number {
  const tens = text.charCodeAt(from) - 48
  const ones = text.charCodeAt(from + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** The value of the digits in between; the caller knows that they are digits, and at most 15. */
export function numberAt(text: string, from: number, end: number): number {
  let value = 0
  for (let index = from; index < end; index++) value = value * 10 + text.charCodeAt(index) - 48
  return value
}

/** Three letters in one number, whatever their case; -1 if they are not letters. */
export function threeLetters(text: string, from: number): number {
  const a = text.charCodeAt(from)
  const b = text.charCodeAt(from + 1)
  const c = text.charCodeAt(from + 2)
  return isLetter(a) && isLetter(b) && isLetter(c) ? pack(a, b, c) : -1
}

export function pack(a: number, b: number, c: number): number {
  return ((a & 31) << 10) | ((b & 31) << 5) | (c & 31)
}
