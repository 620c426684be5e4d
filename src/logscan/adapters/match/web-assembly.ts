/** What is used of WebAssembly; the language's own types have it only together with a browser's. */
interface WebAssemblyTypes {
  readonly Memory: new (size: { initial: number; maximum: number }) => KernelMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

export interface KernelMemory {
  readonly buffer: ArrayBuffer
}

export const { Memory, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyTypes })
  .WebAssembly
