import {
  ChangePasswordInput,
  CompleteTotpInput,
  Done,
  LoginInput,
  LoginOutput,
  MeOutput,
  RefreshInput,
  RefreshOutput,
  RegisterInput,
  RequestPasswordResetInput,
  ResetPasswordInput,
  RevokeSessionInput,
  SessionsOutput,
  SignedIn,
  TotpBeginInput,
  TotpBeginOutput,
  TotpConfirmInput,
  TotpConfirmOutput,
  TotpDisableInput,
} from '#contract'
import { type Procedures, router } from '../../../platform/trpc.ts'
import type { AuthUseCases } from './auth-use-cases.ts'
import { viewLogin, viewSession, viewSignedIn, viewTokens, viewUser } from './views.ts'

const done = { done: true } as const

export function createAuthRouter({ open, enrolling, authed }: Procedures, useCases: AuthUseCases) {
  return router({
    register: open
      .input(RegisterInput)
      .output(SignedIn)
      .mutation(async ({ ctx, input }) => viewSignedIn(await useCases.register(input, ctx.client))),
    login: open
      .input(LoginInput)
      .output(LoginOutput)
      .mutation(async ({ ctx, input }) => viewLogin(await useCases.logIn(input.login, input.password, ctx.client))),
    completeTotp: open
      .input(CompleteTotpInput)
      .output(SignedIn)
      .mutation(async ({ ctx, input }) =>
        viewSignedIn(await useCases.completeTotp(input.challenge, input.code, ctx.client)),
      ),
    refresh: open
      .input(RefreshInput)
      .output(RefreshOutput)
      .mutation(async ({ input }) => ({ session: viewTokens(await useCases.refreshSession(input.refreshToken)) })),
    logout: enrolling.output(Done).mutation(async ({ ctx }) => {
      await useCases.logOut(ctx.actor)
      return done
    }),
    logoutEverywhere: authed.output(Done).mutation(async ({ ctx }) => {
      await useCases.logOutEverywhere(ctx.actor)
      return done
    }),
    me: enrolling.output(MeOutput).query(async ({ ctx }) => ({ user: viewUser(await useCases.getMe(ctx.actor)) })),
    changePassword: enrolling
      .input(ChangePasswordInput)
      .output(Done)
      .mutation(async ({ ctx, input }) => {
        await useCases.changePassword(ctx.actor, input.currentPassword, input.newPassword)
        return done
      }),
    requestPasswordReset: open
      .input(RequestPasswordResetInput)
      .output(Done)
      .mutation(async ({ ctx, input }) => {
        await useCases.requestPasswordReset(input.email, ctx.client)
        return done
      }),
    resetPassword: open
      .input(ResetPasswordInput)
      .output(Done)
      .mutation(async ({ input }) => {
        await useCases.resetPassword(input.token, input.newPassword)
        return done
      }),
    sessions: authed.output(SessionsOutput).query(async ({ ctx }) => {
      const sessions = await useCases.listSessions(ctx.actor)
      return { sessions: sessions.map((session) => viewSession(session, ctx.actor)) }
    }),
    revokeSession: authed
      .input(RevokeSessionInput)
      .output(Done)
      .mutation(async ({ ctx, input }) => {
        await useCases.revokeSession(ctx.actor, input.sessionId)
        return done
      }),
    totpBegin: enrolling
      .input(TotpBeginInput)
      .output(TotpBeginOutput)
      .mutation(({ ctx, input }) => useCases.beginTotp(ctx.actor, input.password)),
    totpConfirm: enrolling
      .input(TotpConfirmInput)
      .output(TotpConfirmOutput)
      .mutation(async ({ ctx, input }) => ({ recoveryCodes: await useCases.confirmTotp(ctx.actor, input.code) })),
    totpDisable: authed
      .input(TotpDisableInput)
      .output(Done)
      .mutation(async ({ ctx, input }) => {
        await useCases.disableTotp(ctx.actor, input.password, input.code)
        return done
      }),
  })
}
