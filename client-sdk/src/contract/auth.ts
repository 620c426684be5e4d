import { z } from 'zod'
import { Id, Timestamp } from './common.ts'
import { exactLine, singleLineText, token } from './text.ts'

export const Role = z.enum(['user', 'support', 'finance', 'auditor', 'admin']).describe('user, or a staff role')

export const Handle = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9_]{3,30}$/, 'must be 3 to 30 letters, digits or underscores')
  .describe('Public name, 3 to 30 of a-z, 0-9 and _; case does not matter')

export const Email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email())
  .describe('E-mail address; case does not matter')

export const NewPassword = exactLine({ min: 10, max: 200 }).describe('10 to 200 characters in one line')
const Password = exactLine({ min: 1, max: 200 }).describe('The password')
const Code = singleLineText({ min: 6, max: 32 }).describe('Six digits from the authenticator, or a recovery code')

export const UserView = z
  .object({
    id: Id,
    email: z.string().describe('E-mail address, lower case'),
    handle: z.string().describe('Public name, lower case'),
    displayName: z.string().describe('Shown name'),
    roles: z.array(Role).describe('What the account may do'),
    totpEnabled: z.boolean().describe('Whether a second factor is set up'),
    createdAt: Timestamp,
  })
  .describe('The signed-in account')

export const SessionTokens = z
  .object({
    accessToken: z.string().describe('Bearer token for calls and sockets'),
    accessExpiresAt: Timestamp.describe('When the access token ends'),
    refreshToken: z.string().describe('Gets the next pair once; using an old one again ends the session'),
  })
  .describe('Tokens of one session')

export const SignedIn = z.object({ user: UserView, session: SessionTokens })

export const MeOutput = z.object({ user: UserView })

export const RegisterInput = z.object({
  email: Email,
  handle: Handle,
  password: NewPassword,
  displayName: singleLineText({ min: 1, max: 80 }).optional().describe('Shown name; the handle when absent'),
})

export const LoginInput = z.object({
  login: singleLineText({ min: 1, max: 254 }).toLowerCase().describe('E-mail address or handle'),
  password: Password,
})

export const LoginOutput = z.union([
  SignedIn,
  z.object({
    totpRequired: z.literal(true).describe('A one-time code is needed: call completeTotp'),
    challenge: z.string().describe('Hand this to completeTotp; good for five minutes'),
  }),
])

export const CompleteTotpInput = z.object({ challenge: token({ min: 1, max: 200 }).describe('From login'), code: Code })
export const RefreshInput = z.object({ refreshToken: token({ min: 1, max: 500 }).describe('The newest refresh token') })
export const RefreshOutput = z.object({ session: SessionTokens })

export const ChangePasswordInput = z.object({ currentPassword: Password, newPassword: NewPassword })
export const RequestPasswordResetInput = z.object({ email: Email })
export const ResetPasswordInput = z.object({
  token: token({ min: 1, max: 200 }).describe('From the mail'),
  newPassword: NewPassword,
})

export const SessionView = z
  .object({
    id: Id,
    current: z.boolean().describe('Whether this call came through it'),
    createdAt: Timestamp,
    lastUsedAt: Timestamp,
    userAgent: z.string().nullable().describe('What the client called itself at sign-in'),
    address: z.string().nullable().describe('Network address at sign-in'),
  })
  .describe('One signed-in device')

export const SessionsOutput = z.object({ sessions: z.array(SessionView).describe('Open sessions, newest first') })
export const RevokeSessionInput = z.object({ sessionId: Id })

export const TotpBeginInput = z.object({ password: Password })
export const TotpBeginOutput = z.object({
  secret: z.string().describe('Base32 secret for the authenticator'),
  uri: z.string().describe('otpauth:// address, to be shown as a QR code'),
})
export const TotpConfirmInput = z.object({ code: Code })
export const TotpConfirmOutput = z.object({
  recoveryCodes: z.array(z.string()).describe('Shown once; each signs in once in place of a code'),
})
export const TotpDisableInput = z.object({ password: Password, code: Code })

export type UserView = z.output<typeof UserView>
export type SessionTokens = z.output<typeof SessionTokens>
