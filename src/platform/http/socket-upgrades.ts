import { IncomingMessage } from 'node:http'

/** Where the realtime gateway answers. */
export const socketPath = '/socket.io'

const webSocketKey = /^[+/\da-z]{22}==$/i
const asked = Symbol('upgrade asked for')

/**
 * A request whose wish for another protocol counts only where it can be met: a WebSocket at the gateway. Node hands all
 * such requests to whoever listens for upgrades, and HTTP says that one that is not met is to be ignored: Java's client
 * and curl ask for h2c on their first call.
 */
export class UpgradableRequest extends IncomingMessage {
  declare private [asked]?: true

  get upgrade(): boolean {
    return this[asked] === true && isSocketHandshake(this)
  }

  /** Node's parser sets it for every request; hardly any needs to remember it. */
  set upgrade(value: unknown) {
    if (value) this[asked] = true
  }
}

function isSocketHandshake({ method, url, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    url?.startsWith(`${socketPath}/`) === true &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    webSocketKey.test(headers['sec-websocket-key'] ?? '')
  )
}
