/** Somebody called the command wrongly, or gave it what it cannot read. The message is for them. */
export class InputError extends Error {
  override readonly name = 'InputError'
}
