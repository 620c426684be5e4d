/** How a refusal is classified; `status` is the HTTP status it travels with. */
export const errorKinds = {
  invalid: { status: 400 },
  unauthenticated: { status: 401 },
  forbidden: { status: 403 },
  not_found: { status: 404 },
  conflict: { status: 409 },
  rate_limited: { status: 429 },
  unavailable: { status: 503 },
  internal: { status: 500 },
} as const

export type ErrorKind = keyof typeof errorKinds

interface ErrorEntry {
  readonly kind: ErrorKind
  readonly message: string
}

/** Every error code the API can answer with. The messages are for people; programs compare codes. */
export const errorTable = {
  'input.invalid': { kind: 'invalid', message: 'The input does not fit its schema; details name each field and rule' },
  'request.malformed': { kind: 'invalid', message: 'The request could not be read' },
  'request.not_found': { kind: 'not_found', message: 'There is nothing at this path' },
  'request.too_large': { kind: 'invalid', message: 'The request is larger than allowed' },
  'rate.limited': { kind: 'rate_limited', message: 'Too many requests; try again after details.retryAfterMs' },
  'service.unavailable': { kind: 'unavailable', message: 'A part of the service is out of reach; try again' },
  internal: { kind: 'internal', message: 'Something went wrong on our side; quote the request id' },
  'page.cursor_invalid': { kind: 'invalid', message: 'The cursor is not one that a list returned' },
  'money.out_of_range': { kind: 'invalid', message: 'The amount does not fit 64 bits' },
  'idempotency.mismatch': { kind: 'conflict', message: 'This idempotency key was used with another input' },
  'auth.required': { kind: 'unauthenticated', message: 'Sign in first' },
  'auth.token_invalid': {
    kind: 'unauthenticated',
    message: 'The token is not valid, has expired, or its session ended',
  },
  'auth.invalid_credentials': { kind: 'unauthenticated', message: 'The login or the password is wrong' },
  'auth.challenge_invalid': { kind: 'unauthenticated', message: 'The sign-in challenge is unknown, used or expired' },
  'auth.totp_invalid': { kind: 'unauthenticated', message: 'The one-time code is wrong or was used already' },
  'auth.totp_enrolment_required': { kind: 'forbidden', message: 'Staff must set up a second factor first' },
  'auth.totp_already_enabled': { kind: 'conflict', message: 'A second factor is set up already' },
  'auth.totp_not_enabled': { kind: 'conflict', message: 'No second factor is set up' },
  'auth.email_taken': { kind: 'conflict', message: 'An account with this e-mail exists' },
  'auth.handle_taken': { kind: 'conflict', message: 'This handle is taken or reserved' },
  'auth.password_weak': { kind: 'invalid', message: 'The password is too easy to guess' },
  'auth.reset_invalid': { kind: 'invalid', message: 'The reset token is unknown, used or expired' },
  'auth.account_suspended': { kind: 'forbidden', message: 'This account is suspended' },
  'auth.session_not_found': { kind: 'not_found', message: 'There is no such session' },
  'auth.forbidden': { kind: 'forbidden', message: 'Your roles do not allow this' },
  'wallet.insufficient_funds': { kind: 'conflict', message: 'The available balance is too low' },
  'wallet.recipient_not_found': { kind: 'not_found', message: 'There is no such recipient' },
  'wallet.transfer_to_self': { kind: 'invalid', message: 'A transfer needs somebody else as its recipient' },
  'wallet.amount_out_of_range': { kind: 'invalid', message: 'The amount is outside the limits for transfers' },
  'deposit.not_found': { kind: 'not_found', message: 'There is no such deposit' },
  'deposit.method_unknown': { kind: 'invalid', message: 'There is no such deposit method' },
  'deposit.currency_mismatch': { kind: 'invalid', message: 'The method takes another currency' },
  'deposit.amount_out_of_range': { kind: 'invalid', message: 'The amount is outside the limits of the method' },
  'deposit.too_many_open': { kind: 'conflict', message: 'Too many deposits await payment' },
  'deposit.too_many_addresses': {
    kind: 'rate_limited',
    message: 'Your earlier deposits still keep their payment addresses; try again after details.retryAfterMs',
  },
  'deposit.address_exhausted': { kind: 'unavailable', message: 'No payment address is free for this method' },
  'deposit.transition_illegal': { kind: 'conflict', message: 'The deposit cannot change in this way' },
  'gateway.unavailable': { kind: 'unavailable', message: 'The payment gateway does not answer' },
  'gateway.refused': { kind: 'conflict', message: 'The payment gateway refused the request' },
  'webhook.provider_unknown': { kind: 'not_found', message: 'There is no such payment provider' },
  'webhook.signature_invalid': { kind: 'unauthenticated', message: 'The signature does not fit the body' },
  'logs.group_not_found': { kind: 'not_found', message: 'There is no such group of lines' },
  'logs.group_changed': { kind: 'conflict', message: 'The group has changed since; look at it again' },
  'logs.group_merged': { kind: 'conflict', message: 'The group was merged into another; split it off first' },
  'logs.group_not_merged': { kind: 'conflict', message: 'The group was not merged into another' },
  'logs.merge_with_itself': { kind: 'invalid', message: 'A group cannot be merged with itself' },
  'logs.too_many_members': { kind: 'conflict', message: 'There are too many groups in this one' },
  'logs.ignore_until_past': { kind: 'invalid', message: 'A group can be ignored only until a time that is to come' },
  'logs.assignee_unknown': { kind: 'invalid', message: 'The assignee is no account of staff' },
  'logs.event_not_found': { kind: 'not_found', message: 'There is no such line, or it is kept no more' },
  'logs.text_gone': { kind: 'not_found', message: 'The text of this line can no longer be read from its file' },
  'logs.window_invalid': { kind: 'invalid', message: 'The time between from and to is empty or too long' },
  'logs.pattern_not_found': { kind: 'not_found', message: 'There is no such pattern' },
  'logs.pattern_taken': { kind: 'conflict', message: 'A pattern with this id exists' },
  'logs.pattern_built_in': { kind: 'conflict', message: 'A built-in pattern can only be switched on and off' },
  'logs.pattern_invalid': { kind: 'invalid', message: 'The pattern cannot be used; details say why, and where' },
  'logs.text_too_long': { kind: 'invalid', message: 'The text is too long to try a pattern of this size on it' },
  'logs.patterns_unreadable': { kind: 'invalid', message: 'The patterns cannot be used; details name each problem' },
  'logs.too_many_patterns': {
    kind: 'conflict',
    message: 'There are too many patterns, or together they are too large',
  },
  'logs.scan_not_found': { kind: 'not_found', message: 'There is no such scan' },
  'logs.too_many_scans': { kind: 'conflict', message: 'Too many scans wait already' },
  'logs.alert_rule_not_found': { kind: 'not_found', message: 'There is no such alert rule' },
  'logs.alert_rule_taken': { kind: 'conflict', message: 'An alert rule with this name exists' },
  'logs.alert_webhook_invalid': { kind: 'invalid', message: 'The webhook of the alert rule cannot be used' },
  'logs.alert_delivery_not_found': { kind: 'not_found', message: 'There is no such delivery of an alert' },
  'logs.too_many_alert_rules': { kind: 'conflict', message: 'There are too many alert rules' },
  'logs.source_not_found': { kind: 'not_found', message: 'There is no such source' },
  'logs.path_forbidden': {
    kind: 'invalid',
    message: 'Files there are not to be read; details name the folders that are',
  },
  'logs.source_taken': { kind: 'conflict', message: 'A source with this name exists' },
  'logs.too_many_sources': { kind: 'conflict', message: 'There are too many sources' },
  'socket.too_many_watches': { kind: 'rate_limited', message: 'This socket watches too many things' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

/** What every failed call carries beside its message. */
export interface ErrorBody {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly requestId: string
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value)
}
