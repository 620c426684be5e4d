export type * from './api.ts'
export { type ClientOptions, type ClientSession, type ClientTools, createClient, type XmClient } from './client.ts'
export type { ErrorBody, ErrorCode, ErrorKind } from './contract/errors.ts'
export { isXmError, type NetworkErrorCode, XmError, type XmErrorCode, type XmErrorKind } from './errors.ts'
export type { FetchLike, FetchResponseLike } from './fetch.ts'
export { newIdempotencyKey } from './idempotency-key.ts'
export { type PagedQuery, paginate } from './paginate.ts'
export type { AbortSignalLike, CallOptions, Mutation, Query } from './procedures.ts'
export type {
  DepositHandlers,
  DepositResult,
  DepositResultKind,
  DepositTick,
  LogHandlers,
  Realtime,
  RealtimeStatus,
  WalletChange,
} from './realtime/surface.ts'
export type { SignedOutReason } from './session.ts'
export { localStorageAdapter, memoryStorage, type TokenStorage } from './storage.ts'
export type { Subscription } from './subscription.ts'
export { version } from './version.ts'
