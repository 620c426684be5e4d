/** Most deposits that one `resume` may name; whoever watches more asks several times. Free of zod, for the client. */
export const resumeMaxDeposits = 100

/** Most items on a page of a list. */
export const pageMaxItems = 100
