import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Instance, type KernelMemory, Module } from './web-assembly.ts'

/** What the compiled kernel exports; the addresses are in its memory. assembly/kernel.ts says what each does. */
export interface Kernel {
  setAutomaton(offsets: number, rows: number, acceptsOffset: number, words: number): void
  setFilter(tables: number): void
  setOutput(state: number, counters: number, records: number, bytesPerStream: number): void
  takeBytesMatched(): number
  beginLongLine(): void
  readLongLine(from: number, end: number): number
  endLongLine(): void
  currentRow(): number
  setCurrentRow(row: number): void
  scanAll(from: number, to: number): void
  scanFiltered(from: number, to: number, recordsMax: number): number
}

let compiled: object | null = null

/** Each kernel has its own tables; several may look at the same memory. */
export function createKernel(memory: KernelMemory, transition: (row: number, symbolOffset: number) => number): Kernel {
  compiled ??= new Module(readFileSync(createRequire(import.meta.url).resolve('#scan-kernel')))
  const instance = new Instance(compiled, { env: { memory }, kernel: { transition } })
  return instance.exports as Kernel
}
