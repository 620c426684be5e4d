import { DomainError } from '../../kernel/errors.ts'

const lookAlikes: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', l: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' }
const fold = (text: string) => text.replace(/[01l3457]/g, (character) => lookAlikes[character] ?? character)

const ownName = 'xm'
/** Nobody but the house has one of these as a word of their handle: `xm_pay`, `the_official_ann`, `staff2`. */
const titles = [ownName, 'official', 'staff', 'sysadmin', 'helpdesk'].map(fold)
/** Nor a word that begins with one of these: `administrator`, `supportteam`. */
const stems = ['admin', 'support', 'moderator'].map(fold)
/** These are also parts of innocent names: only the whole handle is the house's. */
const wholes = ['root', 'system', 'mod', 'help', 'security', 'finance', 'auditor', 'billing', 'payments'].map(fold)

/** Throws `auth.handle_taken` for a lower-case handle that people would take for the house itself. */
export function assertMayBeTaken(handle: string): void {
  if (isReserved(handle)) throw new DomainError('auth.handle_taken', 'conflict', { field: 'handle' })
}

function isReserved(handle: string): boolean {
  const whole = handle.replaceAll('_', '')
  return spellings(whole).some((name) => wholes.includes(name)) || [whole, ...handle.split('_')].some(isTitle)
}

function isTitle(word: string): boolean {
  return spellings(word).some((name) => titles.includes(name) || stems.some((stem) => name.startsWith(stem)))
}

/** How a word reads: as it is and without a number at its end, each with and without our name before it. */
function spellings(word: string): string[] {
  const read = [word, word.replace(/\d+$/, '')].map(fold)
  return [...read, ...read.filter((name) => name.startsWith(ownName)).map((name) => name.slice(ownName.length))]
}
