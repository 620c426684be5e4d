import { setPriority } from 'node:os'
import pMap from 'p-map'
import { io as connect, type Socket } from 'socket.io-client'
import { answerParent } from './parent-link.ts'

/** Clients that watch deposits: many sockets of one session, which count the ticks they get. */
export interface Watching {
  readonly url: string
  readonly accessToken: string
  /** What each socket watches. */
  readonly depositIds: readonly (readonly string[])[]
}

const connectingMax = 50
let sockets: readonly Socket[] = []
let ticks = 0
// Clients have machines of their own; on this one they give way to the server that is measured.
setPriority(10)

async function open({ url, accessToken }: Watching, depositIds: readonly string[]): Promise<Socket> {
  const socket = connect(url, {
    auth: { token: accessToken },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  const { value } = await socket.emitWithAck('resume', { depositIds })
  if (value?.deposits.length !== depositIds.length) throw new Error('the socket does not watch all of its deposits')
  socket.on('deposit:timer', () => void ticks++)
  return socket
}

function unwatch(): void {
  for (const socket of sockets) socket.disconnect()
  sockets = []
}

answerParent(
  {
    watch: async (watching: Watching) => {
      sockets = await pMap(watching.depositIds, (ids) => open(watching, ids), { concurrency: connectingMax })
    },
    unwatch,
    /** Received so far. */
    ticks: () => ticks,
  },
  unwatch,
)
