import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import type { Holder } from '../../app/follower-claims.ts'

/** Of this process, that were not ended. */
const alive = new Set<Holder>()

/** Another one that holds claims: `<where a process number means something>/<process number>/<what no other has>`. */
export function newHolder(): Holder {
  const holder = `${numberSpace()}/${process.pid}/${randomUUID()}`
  alive.add(holder)
  return holder
}

export function endHolder(holder: Holder): void {
  alive.delete(holder)
}

/** Whether it surely is no more; false where that cannot be told, as from another container or after a reboot. */
export function isGone(holder: Holder): boolean {
  const [space, number] = holder.split('/')
  if (space !== numberSpace()) return false
  return Number(number) === process.pid ? !alive.has(holder) : !isRunning(Number(number))
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** As long as the machine, or the container, runs a number is one process at a time. Only Linux tells. */
function numberSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}:${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`
  } catch {
    return randomUUID()
  }
}
