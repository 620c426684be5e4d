import { SignedIn } from '#contract'

/** Makes an account over HTTP. */
export async function register(url: string, handle: string): Promise<{ userId: string; accessToken: string }> {
  const account = { email: `${handle}@example.com`, handle, password: 'a phrase for benches' }
  const answer = await fetch(`${url}/trpc/auth.register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  const body = (await answer.json()) as { result?: { data: unknown } }
  if (!answer.ok) throw new Error(`auth.register: ${answer.status} ${JSON.stringify(body)}`)
  const { user, session } = SignedIn.parse(body.result?.data)
  return { userId: user.id, accessToken: session.accessToken }
}
