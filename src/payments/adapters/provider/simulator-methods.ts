import { assert } from '../../../kernel/assert.ts'
import type { DepositMethod } from '../../domain/gateway.ts'

type RandomBytes = (size: number) => Uint8Array

const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const base36 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'

/** What the simulator can collect, without what the gateway adds. */
export const simulatorMethods: readonly Omit<DepositMethod, 'gateway' | 'ttlMs'>[] = [
  {
    method: 'bank_transfer',
    kind: 'virtual_account',
    label: 'Virtual account',
    currency: 'IDR',
    minMinor: 10_000n,
    maxMinor: 100_000_000n,
  },
  { method: 'qr', kind: 'qr', label: 'QR code', currency: 'IDR', minMinor: 1_000n, maxMinor: 10_000_000n },
  {
    method: 'usdt',
    kind: 'crypto_address',
    label: 'USDT',
    currency: 'USDT',
    minMinor: 1_000_000n,
    maxMinor: 10_000_000_000_000n,
  },
  {
    method: 'bank_transfer_usd',
    kind: 'virtual_account',
    label: 'Virtual account (USD)',
    currency: 'USD',
    minMinor: 100n,
    maxMinor: 1_000_000_000n,
  },
]

const makers: Readonly<Record<string, (randomBytes: RandomBytes) => string>> = {
  bank_transfer: (randomBytes) => `8808${randomText(digits, 19, randomBytes)}`,
  bank_transfer_usd: (randomBytes) => `4417${randomText(digits, 19, randomBytes)}`,
  qr: qrText,
  // Looks like an address on Tron; its checksum is wrong, so no wallet sends real money to it.
  usdt: (randomBytes) => `T${randomText(base58, 33, randomBytes)}`,
}

/** A reference with at least 60 bits of chance in it, such as the method's payers know. */
export function issueSimulatorReference(method: string, randomBytes: RandomBytes): string {
  const make = Object.hasOwn(makers, method) ? makers[method] : undefined
  assert(make, `the simulator has no method ${method}`)
  return make(randomBytes)
}

/** A merchant-presented QR text (EMV): fields of tag, length and value, with a checksum at the end. */
function qrText(randomBytes: RandomBytes): string {
  const account = field('00', 'ID.XM.SIMULATOR') + field('01', randomText(base36, 20, randomBytes))
  const fields = [
    field('00', '01') + field('01', '11') + field('26', account),
    field('52', '0000') + field('53', '360') + field('58', 'ID') + field('59', 'XM') + field('60', 'JAKARTA'),
    '6304',
  ].join('')
  return fields + crc16(fields)
}

function field(tag: string, value: string): string {
  return `${tag}${String(value.length).padStart(2, '0')}${value}`
}

/** CRC-16/CCITT-FALSE in four hexadecimal digits. */
function crc16(text: string): string {
  let crc = 0xffff
  for (const byte of Buffer.from(text, 'latin1')) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc.toString(16).toUpperCase().padStart(4, '0')
}

/** Eight bytes more than the text holds make the bias of the division too small to matter. */
function randomText(alphabet: string, length: number, randomBytes: RandomBytes): string {
  const base = BigInt(alphabet.length)
  const size = Math.ceil((length * Math.log2(alphabet.length)) / 8) + 8
  let number = BigInt(`0x${Buffer.from(randomBytes(size)).toString('hex')}`)
  let text = ''
  for (let i = 0; i < length; i++) {
    text += alphabet[Number(number % base)]
    number /= base
  }
  return text
}
