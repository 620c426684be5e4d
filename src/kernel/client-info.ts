/** What is known of the machine that asks. */
export interface ClientInfo {
  /** Network address, for limits and session lists. */
  readonly address: string
  readonly userAgent: string | null
}
