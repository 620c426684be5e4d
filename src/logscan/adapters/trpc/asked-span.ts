interface AskedSpan {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** The times in ms since the epoch; null where none is named. */
export function askedSpan({ from, to }: AskedSpan) {
  return { from: from === undefined ? null : Date.parse(from), to: to === undefined ? null : Date.parse(to) }
}
