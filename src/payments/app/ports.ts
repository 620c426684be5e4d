import type { Page, PageRequest } from '../../kernel/page.ts'
import type { Deposit } from '../domain/deposit.ts'
import type { CaseChange, CaseKind, DepositCase, NewCase, PaymentOutcome } from '../domain/deposit-change.ts'
import type { DepositStatus } from '../domain/deposit-status.ts'
import type { DepositMethod } from '../domain/gateway.ts'
import type { Posting, PostingKind } from '../domain/ledger.ts'
import type { Gateway } from './gateway-port.ts'
import type { NoticeReads, NoticeWrites } from './notice-port.ts'

/** The rows of this context. `transaction` may run its work again, so the work does no other I/O. */
export interface PaymentsStore {
  transaction<T>(work: (tx: PaymentsTx) => Promise<T>): Promise<T>
  /** The id of what was made for the key; null when it is new. Throws `idempotency.mismatch`. */
  firstResult(key: IdempotencyKey): Promise<string | null>
  readonly deposits: DepositReads
  readonly wallets: WalletReads
  readonly notices: NoticeReads
  readonly cases: CaseReads
}

/** The same rows, bound to one transaction that commits as a whole. */
export interface PaymentsTx {
  readonly deposits: DepositWrites
  readonly ledger: LedgerWrites
  readonly addresses: AddressWrites
  readonly transactions: TransactionWrites
  readonly cases: CaseWrites
  readonly notices: NoticeWrites
  /** Null when the key is new, otherwise the id of the first result. Throws `idempotency.mismatch`. */
  claimKey(key: IdempotencyKey, resultId: string): Promise<string | null>
  /** Adds to the stories of the subjects. The same refusal of the same subject is told once, however often it is met. */
  audit(entries: readonly AuditEntry[]): Promise<void>
  announce(events: readonly PaymentsEvent[]): Promise<void>
}

/** One command of one actor, and what it asks for. */
export interface IdempotencyKey {
  readonly scope: { readonly actorId: string; readonly command: string; readonly key: string }
  readonly input: unknown
}

export interface AuditEntry {
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

/** The facts that leave this context. */
export type PaymentsEvent =
  | { readonly type: 'deposit.changed'; readonly deposit: Deposit }
  | { readonly type: `payment.${PaymentOutcome}`; readonly deposit: Deposit }
  | { readonly type: 'wallet.changed'; readonly userId: string; readonly currency: string }

export interface DepositReads {
  find(id: string): Promise<Deposit | null>
  ofOwner(ownerId: string, page: PageRequest, status: DepositStatus | null): Promise<Page<Deposit>>
  manyOfOwner(ownerId: string, ids: readonly string[]): Promise<Deposit[]>
  /** Ids of deposits in one of the statuses whose time was over before then, longest overdue first. */
  overdue(statuses: readonly DepositStatus[], before: Date, limit: number): Promise<string[]>
  /** The newest steps of its story, at most `limit`, oldest first. */
  story(id: string, limit: number): Promise<(Omit<AuditEntry, 'subject'> & { at: Date })[]>
}

export interface DepositWrites {
  insert(deposit: Deposit): Promise<void>
  /** Reads and locks, so that one deposit changes in one transaction at a time. */
  lock(id: string): Promise<Deposit | null>
  /** Reads and locks those that nobody else has locked. */
  lockFree(ids: readonly string[]): Promise<Deposit[]>
  /** Writes `next` over the version that was read; a lost race is an error. */
  update(previous: Deposit, next: Deposit): Promise<void>
  /** Expires all of them, none of which has received anything. They must be locked. */
  expire(deposits: readonly Deposit[]): Promise<void>
  /**
   * Reads and locks those to ask the gateway about that nobody else has locked: open ones first, longest due first. What
   * is over only gets what is left of the limit.
   */
  lockDue(now: Date, limit: number): Promise<Deposit[]>
  /** Moves the next check of a locked deposit. */
  reschedule(next: Pick<Deposit, 'id' | 'nextCheckAt' | 'checks'>): Promise<void>
  /** Until the transaction ends, the owner's other transactions that call this wait here. */
  lockOwner(ownerId: string): Promise<void>
  countOpen(ownerId: string): Promise<number>
}

export interface Balance {
  readonly currency: string
  readonly postedMinor: bigint
  readonly heldMinor: bigint
  readonly owedMinor: bigint
  /** Grows with every change. */
  readonly version: number
}

/** One change of a user's wallet. */
export interface WalletTransaction {
  readonly id: string
  readonly kind: PostingKind
  readonly minor: bigint
  readonly currency: string
  readonly counterpartyId: string | null
  readonly note: string | null
  readonly reference: string | null
  readonly createdAt: Date
}

export interface WalletReads {
  balances(userId: string): Promise<Balance[]>
  /** Balances of many wallets in one go, by account owner and currency. */
  balancesOf(wallets: readonly { userId: string; currency: string }[]): Promise<(Balance & { userId: string })[]>
  transactions(userId: string, page: PageRequest, currency: string | null): Promise<Page<WalletTransaction>>
  transaction(userId: string, id: string): Promise<WalletTransaction | null>
}

export interface LedgerWrites {
  /**
   * Writes the posting and moves cached balances; resolves to the posting's time. Throws `wallet.insufficient_funds` when
   * a balance would fall below zero, and `money.out_of_range` when it would not fit 64 bits.
   */
  post(posting: Posting & { id: string }): Promise<Date>
  /** What a user owes, and what is available; locked until the transaction ends. */
  owedMinor(userId: string, currency: string): Promise<bigint>
  lockAvailableMinor(userId: string, currency: string): Promise<bigint>
}

/** Who gets an address, and until when it stays theirs at least. */
export interface AddressUse {
  readonly depositId: string
  readonly ownerId: string
  readonly heldUntil: Date
}

export interface AddressWrites {
  /** Takes a rested address of the method for the deposit, or null when there is none. */
  allocate(method: string, use: AddressUse): Promise<string | null>
  /** Adds an address that goes straight to the deposit. False when the reference exists. */
  issue(method: string, reference: string, use: AddressUse): Promise<boolean>
  count(method: string): Promise<number>
  /** How many addresses are kept for deposits of the owner, and when the first of them may be free; null without any. */
  heldBy(ownerId: string): Promise<{ count: number; firstUntil: Date | null }>
  /** Lets addresses whose watch is over rest, and rested ones be taken again. Returns how many moved. */
  turnOver(now: Date, coolingMs: number, limit: number): Promise<number>
}

/** A provider's transaction as it was booked. */
export interface BookedTransaction {
  readonly provider: string
  readonly transactionId: string
  readonly depositId: string
  readonly kind: 'payment' | 'refund' | 'reversal'
  readonly minor: bigint
  readonly currency: string
  readonly paidAt: Date | null
  readonly disposition: 'credited' | 'part' | 'in_review' | 'taken_back'
  /** Its share in suspense that the deposit's own sums do not tell. */
  readonly outsideMinor: bigint
  readonly postingId: string
}

export interface TransactionWrites {
  /** Those of them that were booked before, by id. */
  known(
    provider: string,
    transactionIds: readonly string[],
  ): Promise<ReadonlyMap<string, Pick<BookedTransaction, 'depositId' | 'kind' | 'minor' | 'currency'>>>
  book(transactions: readonly BookedTransaction[]): Promise<void>
  releaseParts(depositId: string): Promise<void>
}

export interface SuspenseCase {
  readonly id: string
  readonly depositId: string
  readonly provider: string
  readonly kind: CaseKind
  readonly minor: bigint
  readonly currency: string
  readonly transactionId: string | null
}

export interface CaseReads {
  /** Cases whose money is to be sent back by now, and what was tried. */
  refunding(now: Date, limit: number): Promise<(SuspenseCase & { attempts: number })[]>
}

export interface CaseWrites {
  open(cases: readonly (NewCase & { id: string; depositId: string; provider: string })[]): Promise<void>
  /** Reads and locks every case of the deposit, the closed ones included, oldest first. */
  lockOf(depositId: string): Promise<DepositCase[]>
  change(change: CaseChange): Promise<void>
  /** The parts reached the sum after all. */
  closePartial(depositId: string): Promise<void>
  /** Marks a case as asked about and moves its next attempt; false when it is not to be refunded now. */
  claimRefund(id: string, now: Date, nextAttemptAt: Date): Promise<boolean>
  /**
   * The provider will not send it back: a person has to decide about what is left of it, and about the attempts before
   * whose answer was never heard.
   */
  giveUpRefund(id: string, unheardAttempts: number): Promise<void>
}

/** The gateways in use, by name, and their methods. */
export interface Gateways {
  get(name: string): Gateway | undefined
  methods(): readonly DepositMethod[]
}

/** What payments need to know of people. */
export interface UserDirectory {
  findUser(handleOrId: string): Promise<{ id: string; handle: string } | null>
  handlesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>>
}
