export const depositStatuses = [
  'created',
  'pending',
  'partially_paid',
  'processing',
  'settled',
  'expired',
  'failed',
  'canceled',
  'partially_refunded',
  'refunded',
  'reversed',
] as const
export type DepositStatus = (typeof depositStatuses)[number]

/** Statuses that a deposit leaves by itself when its time is over. */
export const expiringStatuses = ['pending', 'partially_paid'] as const satisfies readonly DepositStatus[]
/** Statuses in which the countdown runs for whoever watches. */
export const openStatuses = [
  'created',
  'pending',
  'partially_paid',
  'processing',
] as const satisfies readonly DepositStatus[]
