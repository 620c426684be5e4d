export { type DepositTimerState, useDepositTimer } from './use-deposit-timer.ts'
export { useWallet, type WalletState } from './use-wallet.ts'
