import { beginTotp } from '../../app/begin-totp.ts'
import { changePassword } from '../../app/change-password.ts'
import { completeTotp } from '../../app/complete-totp.ts'
import { confirmTotp } from '../../app/confirm-totp.ts'
import { disableTotp } from '../../app/disable-totp.ts'
import { getMe } from '../../app/get-me.ts'
import { listSessions } from '../../app/list-sessions.ts'
import { logIn } from '../../app/log-in.ts'
import { logOut } from '../../app/log-out.ts'
import { logOutEverywhere } from '../../app/log-out-everywhere.ts'
import type { IdentityDeps } from '../../app/ports.ts'
import { refreshSession } from '../../app/refresh-session.ts'
import { register } from '../../app/register.ts'
import { requestPasswordReset } from '../../app/request-password-reset.ts'
import { resetPassword } from '../../app/reset-password.ts'
import { revokeSession } from '../../app/revoke-session.ts'

/** What the `auth` router calls. */
export function createAuthUseCases(deps: IdentityDeps) {
  return {
    register: register(deps),
    logIn: logIn(deps),
    completeTotp: completeTotp(deps),
    refreshSession: refreshSession(deps),
    logOut: logOut(deps),
    logOutEverywhere: logOutEverywhere(deps),
    getMe: getMe(deps),
    changePassword: changePassword(deps),
    requestPasswordReset: requestPasswordReset(deps),
    resetPassword: resetPassword(deps),
    listSessions: listSessions(deps),
    revokeSession: revokeSession(deps),
    beginTotp: beginTotp(deps),
    confirmTotp: confirmTotp(deps),
    disableTotp: disableTotp(deps),
  }
}

export type AuthUseCases = ReturnType<typeof createAuthUseCases>
