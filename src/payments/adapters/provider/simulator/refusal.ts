/** A no of the simulator, as its HTTP answer. Its codes are the simulator's own and not those of our API. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: 400 | 401 | 404 | 409 | 413 | 503
  readonly code: string
  readonly issues: readonly { field: string; rule: string }[]

  constructor(status: Refusal['status'], code: string, message: string, issues: Refusal['issues'] = []) {
    super(message)
    this.status = status
    this.code = code
    this.issues = issues
  }
}
