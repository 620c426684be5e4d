/** The part of `fetch` that the client needs; the global `fetch` fits. */
// biome-ignore lint/suspicious/noExplicitAny: each platform's own `fetch` has its own types for these
export type FetchLike = (url: string, init?: any) => Promise<FetchResponseLike>

export interface FetchResponseLike {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}
