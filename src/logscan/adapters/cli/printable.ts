import { stripVTControlCharacters } from 'node:util'

/** In one line, and without commands to the terminal: names of files and lines of logs may hold any character. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
}
