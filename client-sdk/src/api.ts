import type { AppRouter } from '../../src/main/router-type.ts'
import type { Mutation, Query } from './procedures.ts'

export type {
  BalanceView,
  DepositMethodView,
  DepositStatus,
  DepositView,
  LogEventView,
  LogGroupDetail,
  LogGroupView,
  LogPatternView,
  LogSourceState,
  LogSourceView,
  ServerEvents,
  SessionTokens,
  SocketEndReason,
  TimelineEntry,
  TransactionView,
  UserView,
} from './contract/index.ts'

type ProcedureOf<P> = P extends { _def: { type: infer Type; $types: { input: infer Input; output: infer Output } } }
  ? Type extends 'query'
    ? Query<Input, Output>
    : Mutation<Input, Output>
  : ApiOf<P>

type ApiOf<Routes> = { [Name in keyof Routes]: ProcedureOf<Routes[Name]> }

// In the published package this file is replaced by its flattened form.
/** Every procedure of the server. */
export type Api = ApiOf<AppRouter['_def']['record']>
