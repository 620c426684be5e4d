import type { ClientEvents, ErrorCode, SocketEndReason } from '#contract'

/** What happened, for figures. */
export interface RealtimeMeter {
  socketAdmitted(): void
  socketRefused(code: string): void
  socketClosed(): void
  /** The server ended it. */
  socketEnded(reason: SocketEndReason | 'flood' | 'binary'): void
  callAnswered(event: keyof ClientEvents, outcome: 'ok' | ErrorCode, durationMs: number): void
  unknownEvent(): void
}

export const noMeter: RealtimeMeter = {
  socketAdmitted() {},
  socketRefused() {},
  socketClosed() {},
  socketEnded() {},
  callAnswered() {},
  unknownEvent() {},
}
