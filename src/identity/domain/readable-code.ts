// No i, l, o or u: nothing that reads like a digit.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const groupLength = 4

/** Writes random bytes, five bits of each, as groups of four characters that people can copy: `7k3m-x0fz-...`. */
export function readableCode(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => alphabet.charAt(byte & 31)).join('')
  return (characters.match(new RegExp(`.{1,${groupLength}}`, 'g')) ?? []).join('-')
}

/** The same text however it was typed: case, spaces, dashes and look-alikes do not matter. */
export function normaliseReadableCode(typed: string): string {
  return typed.toLowerCase().replace(/[\s-]/g, '').replace(/[il]/g, '1').replace(/o/g, '0')
}
