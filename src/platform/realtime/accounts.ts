import type { GatewaySocket } from './sockets.ts'

/** The sockets of this node by account: one account may have many sessions. */
export function trackAccounts(socketsPerUserMax: number) {
  const accounts = new Map<string, Set<GatewaySocket>>()
  return {
    /** Returns the sockets that are too many now, oldest first. */
    add(socket: GatewaySocket): GatewaySocket[] {
      const { userId } = socket.data.actor
      const sockets = accounts.get(userId) ?? new Set()
      accounts.set(userId, sockets.add(socket))
      return [...sockets].slice(0, Math.max(0, sockets.size - socketsPerUserMax))
    },
    remove(socket: GatewaySocket): void {
      const { userId } = socket.data.actor
      const sockets = accounts.get(userId)
      if (sockets?.delete(socket) && sockets.size === 0) accounts.delete(userId)
    },
  }
}
